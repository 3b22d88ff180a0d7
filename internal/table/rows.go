// Package table holds the typed tables that records are read into, and writes
// them as Parquet. Times are UTC in microseconds since 1970; bytes are whole
// numbers; metric values and quantities on bills are exact decimals, so that
// sums do not depend on the order of rows.
//
// Each row names the exhibit it came from (SHA-256, hex) and its place: the
// offset and length of the record in the decompressed stream. Object names,
// principals and addresses are absent; keyed tokens stand for them.
//
// The tables are written in parts (activity/00.parquet, activity/01.parquet,
// ...). Which row lies in which part depends on timing; no result does.
package table

// A Token stands for a name, principal or address: the first 16 bytes of an
// HMAC-SHA256 under the key of the case. The zero Token stands for none.
type Token [16]byte

// A Decimal is a two's complement big-endian integer scaled by 10^-9
// (metrics) or 10^-18 (charges), as Parquet stores decimals of 38 digits.
type Decimal [16]byte

// Activity is one request or API call. Names of columns follow OCSF 1.8
// (API Activity 6003, Datastore Activity 6005), flattened with underscores.
type Activity struct {
	Exhibit  string `parquet:"exhibit,dict"`
	Position int64  `parquet:"position,delta"`
	Length   int32  `parquet:"length"`
	// Digest is of the record's text, Key of the provider's record id: the same
	// digest twice is a duplicate, the same key with two digests a conflict. Both
	// are keyed tokens. A zero key means that the provider gave no id.
	Digest Token `parquet:"digest,uuid"`
	Key    Token `parquet:"key,uuid"`

	Kind                  string `parquet:"kind,dict"`
	Time                  int64  `parquet:"time,timestamp(microsecond:local)"`
	CloudProvider         string `parquet:"cloud_provider,dict"`
	CloudAccountUID       string `parquet:"cloud_account_uid,dict"` // lower case
	CloudRegion           string `parquet:"cloud_region,dict"`      // lower case, no blanks: westeurope
	APIServiceName        string `parquet:"api_service_name,dict"`  // blob, file, microsoft.insights ...
	APIOperation          string `parquet:"api_operation,dict"`     // PutBlob; for the control plane lower case: microsoft.insights/diagnosticsettings/delete
	ResourceName          string `parquet:"resource_name,dict"`     // lower case: the storage account's name; "" for an account-wide event
	ResourceType          string `parquet:"resource_type,dict"`     // lower case: microsoft.storage/storageaccounts
	ResourceUID           string `parquet:"resource_uid,dict"`      // lower case ARM id up to the resource, no sub-resources
	DatabucketName        string `parquet:"databucket_name,dict"`   // container; "" if none
	FileToken             Token  `parquet:"file_token,uuid"`        // of the object's name below the container
	FileShape             string `parquet:"file_shape,dict"`        // 9999/99/99/999999999999-a9.amr
	ActorUserToken        Token  `parquet:"actor_user_token,uuid"`
	ActorUserType         string `parquet:"actor_user_type,dict"`    // OAuth, SAS, AccountKey, Anonymous, User, ServicePrincipal ...
	SrcEndpointToken      Token  `parquet:"src_endpoint_token,uuid"` // address without port
	MetadataLogName       string `parquet:"metadata_log_name,dict"`  // category: StorageRead, StorageWrite, StorageDelete, Administrative; Management, Data, Insight; ServerAccessLog, UsageLog
	MetadataCorrelation   Token  `parquet:"metadata_correlation_token,uuid"`
	Status                string `parquet:"status,dict"` // Success, Failure, Started, Other
	StatusCode            string `parquet:"status_code,dict"`
	StatusDetail          string `parquet:"status_detail,dict"`
	RequestBodyBytes      int64  `parquet:"request_body_bytes"`
	RequestHeaderBytes    int64  `parquet:"request_header_bytes"`
	ResponseBodyBytes     int64  `parquet:"response_body_bytes"`
	ResponseHeaderBytes   int64  `parquet:"response_header_bytes"`
	EnabledLogCategories  string `parquet:"enabled_log_categories,dict"`  // of a diagnostic setting written, comma-separated, sorted
	DisabledLogCategories string `parquet:"disabled_log_categories,dict"` // likewise
}

// Metric is one point of a platform metric.
type Metric struct {
	Exhibit  string `parquet:"exhibit,dict"`
	Position int64  `parquet:"position,delta"`
	Length   int32  `parquet:"length"`
	Digest   Token  `parquet:"digest,uuid"` // of key and values
	Key      Token  `parquet:"key,uuid"`    // of resource, metric, time, grain and dimensions

	Kind         string `parquet:"kind,dict"`
	Time         int64  `parquet:"time,timestamp(microsecond:local)"` // start of the point's span
	GrainSeconds int64  `parquet:"grain_seconds"`
	Provider     string `parquet:"provider,dict"`
	Account      string `parquet:"account,dict"`
	Region       string `parquet:"region,dict"`
	Resource     string `parquet:"resource,dict"`
	ResourceType string `parquet:"resource_type,dict"`
	ResourceUID  string `parquet:"resource_uid,dict"`
	Namespace    string `parquet:"namespace,dict"` // lower case
	Metric       string `parquet:"metric,dict"`    // as the provider spells it: Transactions, BlobCapacity
	Unit         string `parquet:"unit,dict"`
	DimNames     string `parquet:"dim_names,dict"`     // lower case, sorted, comma-separated: apiname,responsetype
	Dims         string `parquet:"dims,dict"`          // apiname=PutBlob;responsetype=Success
	APIName      string `parquet:"api_name,dict"`      // "" if not a dimension
	ResponseType string `parquet:"response_type,dict"` // "" if not a dimension

	Total   *Decimal `parquet:"total,decimal(9:38)"`
	Average *Decimal `parquet:"average,decimal(9:38)"`
	Minimum *Decimal `parquet:"minimum,decimal(9:38)"`
	Maximum *Decimal `parquet:"maximum,decimal(9:38)"`
	Count   *Decimal `parquet:"count,decimal(9:38)"`
	// Partial marks a point whose series was cut off before its dimensions
	// were read: it is a record, and proves nothing.
	Partial bool `parquet:"partial"`
	// Incomplete marks a point whose metric was cut off: series beside it may
	// be missing, so that a sum over them is a lower bound only.
	Incomplete bool `parquet:"incomplete"`
}

// Charge is one row of a bill, with FOCUS columns.
type Charge struct {
	Exhibit  string `parquet:"exhibit,dict"`
	Position int64  `parquet:"position,delta"`
	Length   int32  `parquet:"length"`
	Digest   Token  `parquet:"digest,uuid"`

	Provider          string   `parquet:"provider,dict"` // azure, aws, gcp or the ProviderName in lower case
	BillingAccount    string   `parquet:"billing_account,dict"`
	Account           string   `parquet:"account,dict"` // SubAccountId, bare and lower case
	Region            string   `parquet:"region,dict"`
	Resource          string   `parquet:"resource,dict"`      // "" if the charge belongs to the account
	ResourceType      string   `parquet:"resource_type,dict"` // lower case, ARM type if known
	ResourceUID       string   `parquet:"resource_uid,dict"`
	ServiceName       string   `parquet:"service_name,dict"`
	ServiceCategory   string   `parquet:"service_category,dict"`
	ChargeCategory    string   `parquet:"charge_category,dict"`
	ChargeClass       string   `parquet:"charge_class,dict"` // "" or Correction
	ChargeDescription string   `parquet:"charge_description,dict"`
	ChargeFrom        int64    `parquet:"charge_from,timestamp(microsecond:local)"`
	ChargeUntil       int64    `parquet:"charge_until,timestamp(microsecond:local)"`
	BillingFrom       int64    `parquet:"billing_from,timestamp(microsecond:local)"`
	BillingUntil      int64    `parquet:"billing_until,timestamp(microsecond:local)"`
	ConsumedQuantity  *Decimal `parquet:"consumed_quantity,decimal(18:38)"`
	ConsumedUnit      string   `parquet:"consumed_unit,dict"`
	PricingQuantity   *Decimal `parquet:"pricing_quantity,decimal(18:38)"`
	PricingUnit       string   `parquet:"pricing_unit,dict"`
	PricingUnitText   string   `parquet:"x_pricing_unit_description,dict"` // Azure: 10K, 1 GB/Month
	PricingBlockSize  *Decimal `parquet:"x_pricing_block_size,decimal(18:38)"`
	SkuID             string   `parquet:"sku_id,dict"`
	SkuMeter          string   `parquet:"sku_meter,dict"` // SkuMeter (FOCUS 1.1+) or x_SkuMeterName
	SkuMeterCategory  string   `parquet:"x_sku_meter_category,dict"`
	SkuMeterSub       string   `parquet:"x_sku_meter_subcategory,dict"`
	BilledCost        *Decimal `parquet:"billed_cost,decimal(18:38)"`
	BillingCurrency   string   `parquet:"billing_currency,dict"`
}

// Inventory is one row of a storage listing.
type Inventory struct {
	Exhibit  string `parquet:"exhibit,dict"`
	Position int64  `parquet:"position,delta"`
	Length   int32  `parquet:"length"`

	Provider    string `parquet:"provider,dict"`
	Container   string `parquet:"container,dict"`
	ObjectToken Token  `parquet:"object_token,uuid"`
	ObjectShape string `parquet:"object_shape,dict"`
	Extension   string `parquet:"extension,dict"` // if it is a known kind of file, else ""
	Bytes       *int64 `parquet:"bytes"`
	Created     *int64 `parquet:"created,timestamp(microsecond:local)"`
	Modified    *int64 `parquet:"modified,timestamp(microsecond:local)"`
	BlobType    string `parquet:"blob_type,dict"`
	Tier        string `parquet:"tier,dict"`
	Snapshot    bool   `parquet:"snapshot"`    // the row is a snapshot
	OldVersion  bool   `parquet:"old_version"` // the row is a version that is not the current one
	Deleted     bool   `parquet:"deleted"`     // soft-deleted
}

// Listing is one file of a storage inventory, tied to its manifest. A listing
// without a manifest has an empty resource and no times.
type Listing struct {
	Exhibit          string `parquet:"exhibit,dict"`          // of the file that lists objects
	ManifestExhibit  string `parquet:"manifest_exhibit,dict"` // "" if none was handed over
	Provider         string `parquet:"provider,dict"`
	Resource         string `parquet:"resource,dict"`
	TakenFrom        *int64 `parquet:"taken_from,timestamp(microsecond:local)"`
	TakenUntil       *int64 `parquet:"taken_until,timestamp(microsecond:local)"`
	Prefixes         string `parquet:"prefixes"` // number of prefix filters as text, "" if none: the names are not kept
	BlobTypes        string `parquet:"blob_types"`
	IncludeVersions  bool   `parquet:"include_versions"`
	IncludeSnapshots bool   `parquet:"include_snapshots"`
	IncludeDeleted   bool   `parquet:"include_deleted"`
	Rows             int64  `parquet:"rows"`
	// Complete is false if a file that the manifest names is absent, altered or
	// has unread ranges: the listing then bounds from below all the same.
	Complete bool `parquet:"complete"`
}

// Disclosure is one row in which somebody disclosed a resource or an account.
type Disclosure struct {
	Exhibit  string `parquet:"exhibit,dict"`
	Position int64  `parquet:"position,delta"`
	Length   int32  `parquet:"length"`

	Provider         string `parquet:"provider,dict"` // lower case
	Account          string `parquet:"account,dict"`  // lower case
	Resource         string `parquet:"resource,dict"` // lower case, "" discloses the whole account
	Kind             string `parquet:"kind,dict"`
	Region           string `parquet:"region,dict"`
	DisclosedByToken Token  `parquet:"disclosed_by_token,uuid"`
	DisclosedOn      *int64 `parquet:"disclosed_on,timestamp(microsecond:local)"`
}

// Unread is a byte range that no reader could make a record of. The resource
// and the span are hints, from the neighbouring records or from the layout of
// the path; they may be empty.
type Unread struct {
	Exhibit  string `parquet:"exhibit,dict"`
	Position int64  `parquet:"position,delta"`
	Length   int64  `parquet:"length"`
	Kind     string `parquet:"kind,dict"`
	Reason   string `parquet:"reason,dict"` // never quotes the bytes

	Provider string `parquet:"provider,dict"`
	Account  string `parquet:"account,dict"`
	Resource string `parquet:"resource,dict"`
	LogName  string `parquet:"log_name,dict"` // StorageWrite ...
	From     *int64 `parquet:"from_time,timestamp(microsecond:local)"`
	Until    *int64 `parquet:"until_time,timestamp(microsecond:local)"`
}

// Duplicate is a record that was left out because its text stands elsewhere.
type Duplicate struct {
	Table      string `parquet:"table,dict"` // activity or metrics
	Exhibit    string `parquet:"exhibit,dict"`
	Position   int64  `parquet:"position,delta"`
	Length     int32  `parquet:"length"`
	OfExhibit  string `parquet:"of_exhibit,dict"`
	OfPosition int64  `parquet:"of_position"`
}

// Trail is what a chain of digests says of a span of the control plane's log:
// asserted (a signed digest lists what was delivered), missing or altered.
type Trail struct {
	Exhibit  string `parquet:"exhibit,dict"` // the digest
	Provider string `parquet:"provider,dict"`
	Account  string `parquet:"account,dict"`
	Region   string `parquet:"region,dict"`
	From     int64  `parquet:"from_time,timestamp(microsecond:local)"`
	Until    int64  `parquet:"until_time,timestamp(microsecond:local)"`
	State    string `parquet:"state,dict"` // asserted, missing, altered
	Detail   string `parquet:"detail,dict"`
}

// Flow is one record of a network flow log, or one tuple of it.
type Flow struct {
	Exhibit  string `parquet:"exhibit,dict"`
	Position int64  `parquet:"position,delta"`
	Length   int32  `parquet:"length"`
	Digest   Token  `parquet:"digest,uuid"`

	Kind     string `parquet:"kind,dict"`
	From     int64  `parquet:"from_time,timestamp(microsecond:local)"`
	Until    int64  `parquet:"until_time,timestamp(microsecond:local)"`
	Provider string `parquet:"provider,dict"`
	Account  string `parquet:"account,dict"`
	Region   string `parquet:"region,dict"`
	Resource string `parquet:"resource,dict"` // the network interface, or what the log is of
	// Direction is egress or ingress as seen from the resource, "" if the record
	// does not say.
	Direction  string `parquet:"direction,dict"`
	SrcToken   Token  `parquet:"src_endpoint_token,uuid"`
	DstToken   Token  `parquet:"dst_endpoint_token,uuid"`
	SrcPrivate bool   `parquet:"src_private"` // an address that is not routed on the Internet
	DstPrivate bool   `parquet:"dst_private"`
	Protocol   int32  `parquet:"protocol"` // IANA number
	Packets    int64  `parquet:"packets"`
	Bytes      int64  `parquet:"bytes"`
	Accepted   bool   `parquet:"accepted"`
	// Sampling is the share of packets that were looked at, in millionths;
	// 1000000 where the record does not say.
	Sampling int32 `parquet:"sampling_ppm"`
}

// Hit is a match of a rule with a record. Rules see the record as it was
// handed over; of its fields only tokens and figures are kept, and only those
// that correlations need.
type Hit struct {
	Rule     string `parquet:"rule,dict"` // id of the rule, or its name or title if it has none
	Exhibit  string `parquet:"exhibit,dict"`
	Position int64  `parquet:"position"`
	Length   int32  `parquet:"length"`

	Kind        string `parquet:"kind,dict"`
	Time        int64  `parquet:"time,timestamp(microsecond:local)"`
	Provider    string `parquet:"provider,dict"`
	Account     string `parquet:"account,dict"`
	Region      string `parquet:"region,dict"`
	Resource    string `parquet:"resource,dict"`
	Operation   string `parquet:"operation,dict"`
	Correlation Token  `parquet:"correlation_token,uuid"` // of the request or activity that the record belongs to
	Keys        string `parquet:"keys,dict"`              // field=token, a line each: what correlations group and count by
	Numbers     string `parquet:"numbers,dict"`           // field=figure, a line each: what correlations add up
}

// Rule is a rule that was looked for in the records.
type Rule struct {
	Rule       string `parquet:"rule"` // as in Hit
	Name       string `parquet:"name"`
	Title      string `parquet:"title"`
	File       string `parquet:"file"`
	Definition string `parquet:"definition"` // JSON: what answering a claim needs of it
	Text       string `parquet:"text"`       // the document, YAML
	Records    int64  `parquet:"records"`    // that it could have matched, duplicates included
	Carried    bool   `parquet:"carried"`    // whether one of them had one of its fields
}
