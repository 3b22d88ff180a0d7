package source

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"probity"
)

// Samples of every kind, small and invented; addresses are from the ranges for
// documentation.

func trailEvent(n int) string {
	return fmt.Sprintf(`{"eventVersion":"1.10","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::123456789012:user/u%d","accountId":"123456789012"},"eventTime":"2025-01-06T10:%02d:00Z","eventSource":"s3.amazonaws.com","eventName":"PutObject","awsRegion":"eu-west-1","sourceIPAddress":"192.0.2.7","requestParameters":{"bucketName":"Store","key":"a/%d {.amr","note":"\"x\""},"responseElements":null,"additionalEventData":{"bytesTransferredIn":%d.0,"bytesTransferredOut":0},"requestID":"r%d","eventID":"e-%d","readOnly":false,"eventType":"AwsApiCall","managementEvent":false,"recipientAccountId":"123456789012","eventCategory":"Data"}`,
		n%3, n%60, n, 100+n, n, n)
}

func lookupEvent(n int) string {
	return fmt.Sprintf(`{"EventId":"e-%d","EventName":"PutObject","ReadOnly":"true","EventTime":"2025-01-06 10:00:00+11:00","CloudTrailEvent":"%s"}`,
		n, strings.ReplaceAll(strings.ReplaceAll(trailEvent(n), `\`, `\\`), `"`, `\"`))
}

func accessLine(n int) string {
	return fmt.Sprintf(`79a59df9 store [06/Jan/2025:10:%02d:38 +0000] 192.0.2.3 arn:aws:sts::123456789012:assumed-role/r/s REQ%d REST.PUT.OBJECT a/%d.amr "PUT /a/%d.amr?x="y" HTTP/1.1" 200 - - %d 36 31 "http://example.com/"q"" "agent "x" 1.0" - hostid= SigV4 TLS_AES AuthHeader store.s3.eu-west-1.amazonaws.com TLSv1.3 - -`,
		n%60, n, n, n, 500+n)
}

func oldAccessLine(n int) string {
	return fmt.Sprintf(`79a59df9 store [06/Jan/2012:10:%02d:38 +0000] 192.0.2.3 79a59df9 REQ%d REST.GET.OBJECT a%d "GET /a%d HTTP/1.1" 206 - 10 %d 36 31 "-" "agent" -`, n%60, n, n, n, 500+n)
}

func streamLine(n int) string {
	return fmt.Sprintf(`{"metric_stream_name":"m","account_id":"123456789012","region":"eu-west-1","namespace":"AWS/S3","metric_name":"PutRequests","dimensions":{"BucketName":"store","FilterId":"EntireBucket"},"timestamp":%d,"value":{"max":1.0,"min":1.0,"sum":%d.0,"count":%d.0},"unit":"Count"}`,
		1736157600000+60000*n, n+1, n+1)
}

func metricDataText(n int) string {
	var times, values []string
	for i := range n {
		times = append(times, fmt.Sprintf(`"2025-01-06T%02d:00:00+00:00"`, i))
		values = append(values, fmt.Sprintf("%d.0", i))
	}
	return `{"MetricDataQueries":[{"Id":"m1","MetricStat":{"Metric":{"Namespace":"AWS/S3","MetricName":"PutRequests","Dimensions":[{"Name":"BucketName","Value":"store"},{"Name":"FilterId","Value":"EntireBucket"}]},"Period":3600,"Stat":"Sum"}}],` + "\n" +
		`"MetricDataResults":[{"Id":"m1","Label":"PutRequests","Timestamps":[` + strings.Join(times, ",") + `],"Values":[` + strings.Join(values, ", ") + `],"StatusCode":"Complete"}],"Messages":[]}` + "\n"
}

const flowHeader = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"

func vpcLine(n int) string {
	return fmt.Sprintf("2 123456789012 eni-0a%d 10.0.0.%d 203.0.113.9 443 50000 6 10 %d %d %d ACCEPT OK", n%2, n%250, 1000+n, 1736157600+n, 1736157660+n)
}

func vpcLine5(n int) string {
	return fmt.Sprintf("5 vpc-1 eni-0a%d 10.0.0.%d 203.0.113.9 10 %d %d %d ACCEPT OK egress eu-west-1", n%2, n%250, 1000+n, 1736157600+n, 1736157660+n)
}

func nsgRecord(n int) string {
	return fmt.Sprintf(`{"time":"2025-01-06T10:%02d:00.5Z","systemId":"s","macAddress":"00-0D","category":"NetworkSecurityGroupFlowEvent","resourceId":"/SUBSCRIPTIONS/%s/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.NETWORK/NETWORKSECURITYGROUPS/NSG","operationName":"NetworkSecurityGroupFlowEvents","properties":{"Version":2,"flows":[{"rule":"R","flows":[{"mac":"000D","flowTuples":["1736157600,10.0.0.4,203.0.113.9,4000,443,T,O,A,B,,,,","1736157601,10.0.0.4,203.0.113.9,4000,443,T,O,A,E,10,2000,8,%d"]}]}]}}`, n%60, sub, n+1)
}

func vnetRecord(n int) string {
	return fmt.Sprintf(`{"time":"2025-01-06T10:%02d:00.5Z","flowLogVersion":4,"flowLogGUID":"g","macAddress":"00","category":"FlowLogFlowEvent","flowLogResourceID":"/SUBSCRIPTIONS/%s/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.NETWORK/NETWORKWATCHERS/W/FLOWLOGS/F","targetResourceID":"/subscriptions/%[2]s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vnet","operationName":"FlowLogFlowEvent","flowRecords":{"flows":[{"aclID":"a","flowGroups":[{"rule":"R","flowTuples":["1736157600000,10.0.0.4,203.0.113.9,4000,443,6,O,E,NX,10,%d,8,900"]}]}]}}`, n%60, sub, n+1)
}

func auditEntry(n int) string {
	return fmt.Sprintf(`{"insertId":"i%d","logName":"projects/p1/logs/cloudaudit.googleapis.com%%2Fdata_access","protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","authenticationInfo":{"principalEmail":"a@b.example"},"methodName":"storage.objects.create","requestMetadata":{"callerIp":"192.0.2.4"},"resourceName":"projects/_/buckets/store/objects/a/%d.amr","serviceName":"storage.googleapis.com","status":{}},"resource":{"labels":{"bucket_name":"store","location":"europe-west1","project_id":"p1"},"type":"gcs_bucket"},"timestamp":"2025-01-06T10:%02d:00.123456789Z"}`, n, n, n%60)
}

func gcpFlow(n int) string {
	return fmt.Sprintf(`{"insertId":"f%d","jsonPayload":{"bytes_sent":"%d","connection":{"dest_ip":"203.0.113.9","dest_port":443,"protocol":6,"src_ip":"10.0.0.2","src_port":4000},"end_time":"2025-01-06T10:00:05.1Z","packets_sent":"7","reporter":"SRC","src_instance":{"project_id":"p1","region":"europe-west1","vm_name":"vm1"},"start_time":"2025-01-06T10:00:00.1Z"},"logName":"projects/p1/logs/compute.googleapis.com%%2Fvpc_flows","resource":{"labels":{"project_id":"p1","subnetwork_name":"s"},"type":"gce_subnetwork"},"timestamp":"2025-01-06T10:00:06Z"}`, n, 100+n)
}

func timeSeriesText(n int) string {
	var points []string
	for i := range n {
		points = append(points, fmt.Sprintf(`{"interval":{"startTime":"2025-01-06T%02d:00:00Z","endTime":"2025-01-06T%02d:00:00Z"},"value":{"int64Value":"%d"}}`, i, i+1, i))
	}
	return `{"timeSeries":[{"metric":{"type":"storage.googleapis.com/api/request_count","labels":{"method":"WriteObject","response_code":"OK"}},"resource":{"type":"gcs_bucket","labels":{"bucket_name":"store","location":"europe-west1","project_id":"p1"}},"metricKind":"DELTA","valueType":"INT64","points":[` +
		strings.Join(points, ",\n") + `]}],"unit":"1"}` + "\n"
}

func usageRows(n int) string {
	b := `"time_micros","c_ip","c_ip_type","c_ip_region","cs_method","cs_uri","sc_status","cs_bytes","sc_bytes","time_taken_micros","cs_host","cs_referer","cs_user_agent","s_request_id","cs_operation","cs_bucket","cs_object"` + "\n"
	for i := range n {
		b += fmt.Sprintf(`"%d","192.0.2.5","1","","PUT","/upload","200","%d","0","1000","storage.googleapis.com","","agent, with ""quotes""","id%d","PUT_Object","store","a/%d.amr"`+"\n", 1736157600000000+i, 900+i, i, i)
	}
	return b
}

func eaRows(n int) string {
	b := "SubscriptionId,Date,MeterId,MeterCategory,MeterSubCategory,MeterName,Quantity,UnitOfMeasure,Cost,BillingCurrency,ResourceLocation,ResourceId,ChargeType,Tags\n"
	for i := range n {
		b += fmt.Sprintf(`%s,01/%02d/2025,m,Storage,Tiered Block Blob,Hot LRS Data Stored,0.5,100 GB/Month,1.5,EUR,EUWest,/subscriptions/%[1]s/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/store,Usage,"""a"": ""b"""`+"\n", sub, 13+i)
	}
	return b
}

func ocsfEvent(n int) string {
	return fmt.Sprintf(`{"activity_id":1,"api":{"operation":"PutObject","request":{"uid":"r%d","data":"{\"bucketName\":\"store\",\"key\":\"a/%d.amr\"}"},"service":{"name":"s3.amazonaws.com"}},"actor":{"user":{"type":"IAMUser","uid":"u"}},"category_uid":6,"class_uid":6003,"cloud":{"provider":"AWS","region":"eu-west-1","account":{"uid":"123456789012"}},"metadata":{"product":{"name":"CloudTrail"},"version":"1.8.0","uid":"e%d","log_name":"Data"},"severity_id":1,"src_endpoint":{"ip":"192.0.2.7"},"status_id":1,"time":%d,"type_uid":600301}`,
		n, n, n, 1736157600000+n)
}

func s3Rows(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"store-bucket","a/%d%%20x.amr","%d","2025-01-05T00:00:00.000Z","STANDARD"`+"\n", i, 1000+i)
	}
	return b.String()
}

const digestText = `{"awsAccountId":"123456789012","digestStartTime":"2025-01-06T10:00:00Z","digestEndTime":"2025-01-06T11:00:00Z","digestS3Bucket":"b","digestS3Object":"AWSLogs\/123456789012\/CloudTrail-Digest\/eu-west-1\/2025\/01\/06\/d.json.gz","digestPublicKeyFingerprint":"aa","digestSignatureAlgorithm":"SHA256withRSA","newestEventTime":null,"oldestEventTime":null,"previousDigestS3Bucket":null,"previousDigestS3Object":null,"previousDigestHashValue":null,"previousDigestSignature":null,"logFiles":[]}`

// moreSamples are those of the kinds beyond Azure's.
func moreSamples() map[string]sample {
	list := func(line func(int) string, n int) string {
		return strings.ReplaceAll(strings.TrimSpace(repeat(line, n)), "\n", ",\n")
	}
	return map[string]sample{
		"trail records":   {probity.AWSCloudTrail, `{"Records":[` + list(trailEvent, 9) + "]}", 9, true},
		"trail lines":     {probity.AWSCloudTrail, repeat(trailEvent, 9), 9, true},
		"trail array":     {probity.AWSCloudTrail, "[" + list(trailEvent, 5) + "]", 5, true},
		"trail object":    {probity.AWSCloudTrail, trailEvent(1), 1, true},
		"trail lookup":    {probity.AWSCloudTrail, `{"Events":[` + list(lookupEvent, 4) + "]}", 4, true},
		"trail empty":     {probity.AWSCloudTrail, `{"Records":[]}`, 0, false},
		"digest":          {probity.AWSCloudTrailDigest, digestText, 1, false},
		"digest metadata": {probity.AWSDigestMetadata, `{"ETag":"x","Metadata":{"signature":"abcd","signature-algorithm":"SHA256withRSA"}}`, 1, false},
		"public keys":     {probity.AWSPublicKeys, `{"PublicKeyList":[]}`, 1, false},
		"access log":      {probity.AWSS3AccessLog, repeat(accessLine, 9), 9, true},
		"old access log":  {probity.AWSS3AccessLog, repeat(oldAccessLine, 4), 4, true},
		"metric stream":   {probity.AWSCloudWatchMetrics, repeat(streamLine, 9), 9, true},
		"metric data":     {probity.AWSCloudWatchMetrics, metricDataText(9), 9, true},
		"metric queries":  {probity.AWSCloudWatchMetrics, `{"MetricDataQueries":[{"Id":"m1"}]}`, 1, false},
		"vpc flows":       {probity.AWSVPCFlowLog, flowHeader + "\n" + repeat(vpcLine, 9), 9, false},
		"vpc flows bare":  {probity.AWSVPCFlowLog, repeat(vpcLine, 9), 9, true},
		"vpc flows v5":    {probity.AWSVPCFlowLog, "version vpc-id interface-id srcaddr dstaddr packets bytes start end action log-status flow-direction region\n" + repeat(vpcLine5, 9), 9, false},
		"nsg flows":       {probity.AzureFlowLog, `{"records":[` + list(nsgRecord, 4) + "]}", 4, true},
		"vnet flows":      {probity.AzureFlowLog, `{"records":[` + list(vnetRecord, 4) + "]}", 4, true},
		"gcp audit":       {probity.GCPAuditLog, repeat(auditEntry, 6), 6, true},
		"gcp audit array": {probity.GCPAuditLog, "[" + list(auditEntry, 3) + "]", 3, true},
		"gcp flows":       {probity.GCPFlowLog, repeat(gcpFlow, 6), 6, true},
		"gcp series":      {probity.GCPMetrics, timeSeriesText(8), 8, true},
		"gcs usage":       {probity.GCPStorageLog, usageRows(6), 6, false},
		"gcs storage":     {probity.GCPStorageLog, "\"bucket\",\"storage_byte_hours\"\n\"store\",\"24000\"\n", 1, false},
		"ea":              {probity.Focus, eaRows(5), 5, false},
		"ocsf":            {probity.OCSF, repeat(ocsfEvent, 6), 6, true},
		"s3 inventory":    {probity.AWSS3Inventory, s3Rows(8), 8, true},
		"s3 manifest":     {probity.AWSS3Inventory, s3Manifest("x.csv.gz", 10, "00"), 1, false},
	}
}

func s3Manifest(name string, size int, md5 string) string {
	return fmt.Sprintf(`{"sourceBucket":"store-bucket","destinationBucket":"arn:aws:s3:::d","version":"2016-11-30","creationTimestamp":"1736121600000","fileFormat":"CSV","fileSchema":"Bucket, Key, Size, LastModifiedDate, StorageClass","files":[{"key":"store-bucket/i/data/%s","size":%d,"MD5checksum":"%s"}]}`, name, size, md5)
}

// parquetOf writes rows as a Parquet file.
func parquetOf[T any](t testing.TB, rows []T) string {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b, parquet.MaxRowsPerRowGroup(3))
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
