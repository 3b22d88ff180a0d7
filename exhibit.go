package probity

import "time"

// A Kind names the format and origin of an exhibit.
type Kind string

// The kinds that this version reads, and KindUnknown for a file that no reader
// knows.
const (
	KindUnknown          Kind = "unknown"
	Archive              Kind = "archive" // its members are exhibits of their own
	AWSCloudTrail        Kind = "aws-cloudtrail"
	AWSCloudTrailDigest  Kind = "aws-cloudtrail-digest"
	AWSDigestMetadata    Kind = "aws-digest-metadata" // head-object of a digest, which holds its signature
	AWSPublicKeys        Kind = "aws-public-keys"
	AWSS3AccessLog       Kind = "aws-s3-access-log"
	AWSS3Inventory       Kind = "aws-s3-inventory"
	AWSCloudWatchMetrics Kind = "aws-cloudwatch-metrics"
	AWSVPCFlowLog        Kind = "aws-vpc-flow-log"
	AzureStorageLog      Kind = "azure-storage-log"
	AzureActivityLog     Kind = "azure-activity-log"
	AzureMetrics         Kind = "azure-metrics"
	AzureBlobInventory   Kind = "azure-blob-inventory"
	AzureFlowLog         Kind = "azure-flow-log"
	GCPAuditLog          Kind = "gcp-audit-log"
	GCPStorageLog        Kind = "gcp-storage-log"
	GCPMetrics           Kind = "gcp-metrics"
	GCPFlowLog           Kind = "gcp-flow-log"
	InventoryChecksum    Kind = "inventory-checksum" // the MD5 of an inventory's manifest, at Azure and AWS
	Focus                Kind = "focus"
	OCSF                 Kind = "ocsf"
	Disclosures          Kind = "disclosures"
)

// Kinds lists what a case may name to override detection.
var Kinds = []Kind{
	AWSCloudTrail, AWSCloudTrailDigest, AWSDigestMetadata, AWSPublicKeys, AWSS3AccessLog, AWSS3Inventory, AWSCloudWatchMetrics, AWSVPCFlowLog,
	AzureStorageLog, AzureActivityLog, AzureMetrics, AzureBlobInventory, AzureFlowLog,
	GCPAuditLog, GCPStorageLog, GCPMetrics, GCPFlowLog, InventoryChecksum, Focus, OCSF, Disclosures,
}

// An Exhibit is one file as it was handed over, and what became of its bytes.
type Exhibit struct {
	SHA256 string `json:"sha256"` // of the file as received, hex
	Path   string `json:"path"`   // below the case folder, with forward slashes
	Kind   Kind   `json:"kind"`
	Bytes  int64  `json:"bytes"` // of the file as received
	// StreamBytes is the length after decompression. The bytes of records,
	// duplicates, unread ranges and framing sum to it.
	StreamBytes    int64 `json:"stream_bytes"`
	Records        int64 `json:"records"`
	Duplicates     int64 `json:"duplicates"`
	Unread         int64 `json:"unread"` // ranges
	RecordBytes    int64 `json:"record_bytes"`
	DuplicateBytes int64 `json:"duplicate_bytes"`
	UnreadBytes    int64 `json:"unread_bytes"`
	FramingBytes   int64 `json:"framing_bytes"`
	// DuplicateOf is the path of the exhibit with the same bytes whose records
	// were counted instead of this one's.
	DuplicateOf string `json:"duplicate_of,omitempty"`
	// MemberOf is the SHA-256 of the archive that it lies in.
	MemberOf string `json:"member_of,omitempty"`
	// Origin is what object storage said of it when it was copied from there.
	Origin    *Origin    `json:"origin,omitempty"`
	Custodian *Custodian `json:"custodian,omitempty"`
	Acquired  *Acquired  `json:"acquired,omitempty"`
	// Chain is how it came here, as the ledger tells: each receipt that lists it.
	Chain []Link `json:"chain,omitempty"`
	// Note says what is unusual: why the kind is unknown, what could not be
	// read, how a time was understood.
	Note string `json:"note,omitempty"`
}

// A Link of a chain of custody is one receipt that lists an exhibit.
type Link struct {
	Leaf      int64     `json:"leaf"` // of the ledger
	Recorded  string    `json:"recorded"`
	Request   string    `json:"request,omitempty"` // "" if nobody had asked
	Custodian string    `json:"custodian,omitempty"`
	Relation  Relation  `json:"relation,omitempty"`
	By        string    `json:"by,omitempty"`
	How       string    `json:"how,omitempty"`
	At        time.Time `json:"at,omitzero"` // when it was acquired
	Manifest  string    `json:"manifest_sha256"`
}

// Origin is what a provider's object storage states of an object.
type Origin struct {
	ETag     string `json:"etag"`
	MD5      string `json:"md5"`     // hex, "" if the provider does not state it
	Version  string `json:"version"` // "" if the bucket keeps none
	Modified string `json:"modified"`
}

// Integrity is the result of one check that a vendor's own manifest, digest or
// checksum makes possible.
type Integrity struct {
	Exhibit string `json:"exhibit"` // SHA-256
	Path    string `json:"path"`
	Check   string `json:"check"`
	Result  string `json:"result"` // "ok", "altered", "missing", "conflict" or "cannot_be_tested"
	Detail  string `json:"detail"`
}

// Totals sums the exhibits.
type Totals struct {
	Exhibits    int   `json:"exhibits"`
	Bytes       int64 `json:"bytes"`
	Records     int64 `json:"records"`
	Duplicates  int64 `json:"duplicates"`
	Unread      int64 `json:"unread"`
	UnreadBytes int64 `json:"unread_bytes"`
}
