package collect

import (
	"strconv"

	"cloud.google.com/go/storage"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	gocloud "gocloud.dev/blob"

	_ "gocloud.dev/blob/azureblob" // azblob://
	_ "gocloud.dev/blob/gcsblob"   // gs://
	_ "gocloud.dev/blob/s3blob"    // s3://
)

// versionOf returns the provider's version of an object, "" if it has none.
func versionOf(a *gocloud.Attributes) string {
	var head s3.HeadObjectOutput
	var properties blob.GetPropertiesResponse
	var attributes storage.ObjectAttrs
	switch {
	case a.As(&head):
		if head.VersionId != nil {
			return *head.VersionId
		}
	case a.As(&properties):
		if properties.VersionID != nil {
			return *properties.VersionID
		}
	case a.As(&attributes):
		return strconv.FormatInt(attributes.Generation, 10)
	}
	return ""
}
