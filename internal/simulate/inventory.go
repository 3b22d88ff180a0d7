package simulate

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sort"
	"time"
)

// listing returns the objects that are there at an instant, in the order of their
// names, and their length together.
func (h *history) listing(at time.Time) (there []object, size int64) {
	for _, o := range h.objects {
		if !o.born.After(at) && (o.gone.IsZero() || o.gone.After(at)) {
			there = append(there, o)
			size += o.size
		}
	}
	sort.SliceStable(there, func(i, j int) bool {
		return there[i].container+"/"+there[i].name < there[j].container+"/"+there[j].name
	})
	return there, size
}

// inventoryFiles projects a history into a blob inventory of one day: the
// listing, its manifest and the manifest's checksum.
func inventoryFiles(s *Scenario, h *history, t *truth) ([]file, error) {
	if h.storage.Inventory == "" || h.hidden() {
		return nil, nil
	}
	day, err := time.Parse(time.DateOnly, h.storage.Inventory)
	if err != nil {
		return nil, fmt.Errorf("inventory of %s: %w", h.storage.Name, err)
	}
	at := day.Add(time.Hour)
	there, size := h.listing(at)
	var csv bytes.Buffer
	csv.WriteString("Name,Creation-Time,Last-Modified,Content-Length,BlobType,AccessTier\n")
	for _, o := range there {
		born := o.born.Format(time.RFC3339)
		fmt.Fprintf(&csv, "%s/%s,%s,%s,%d,BlockBlob,Hot\n", o.container, o.name, born, born, o.size)
	}
	t.count("azure-blob-inventory", int64(len(there))+1) // and the manifest
	t.count("inventory-checksum", 1)
	dir := "evidence/inventory/" + h.storage.Name + "/" + day.Format("2006/01/02/") + "01-00-00/all/"
	manifest, err := json.MarshalIndent(map[string]any{
		"destinationContainer": "inventory", "endpoint": "https://" + h.storage.Name + ".blob.core.windows.net",
		"files":              []any{map[string]any{"blob": day.Format("2006/01/02/") + "01-00-00/all/all_1000000_0.csv", "size": csv.Len()}},
		"inventoryStartTime": at.Format(time.RFC3339), "inventoryCompletionTime": at.Add(7 * time.Minute).Format(time.RFC3339),
		"ruleDefinition": map[string]any{"filters": map[string]any{"blobTypes": []string{"blockBlob"}, "includeBlobVersions": false, "includeSnapshots": false},
			"format": "csv", "objectType": "blob", "schedule": "daily", "schemaFields": []string{"Name", "Creation-Time", "Last-Modified", "Content-Length", "BlobType", "AccessTier"}},
		"ruleName": "all", "status": "Succeeded", "version": "1.0", "summary": map[string]any{"objectCount": len(there), "totalObjectSize": size},
	}, "", "  ")
	if err != nil {
		return nil, err
	}
	sum := md5.Sum(manifest)
	t.listed[h.storage.Name] = size
	return []file{{dir + "all_1000000_0.csv", csv.Bytes()}, {dir + "all-manifest.json", manifest},
		{dir + "all-manifest.checksum", []byte(hex.EncodeToString(sum[:]))}}, nil
}

// disclosures lists what was disclosed: every account that is not hidden.
func disclosures(s *Scenario, t *truth) file {
	var b bytes.Buffer
	b.WriteString("provider,account,resource,kind,region,disclosed_by,disclosed_on\n")
	on := s.From.AddDate(0, 0, -20).Format(time.DateOnly)
	add := func(cloud, account, resource, kind, region string) {
		fmt.Fprintf(&b, "%s,%s,%s,%s,%s,Local office,%s\n", cloud, account, resource, kind, region, on)
		t.count("disclosures", 1)
	}
	for _, a := range s.Accounts {
		if a.Hidden {
			continue
		}
		for _, x := range a.Storage {
			if x.Undisclosed {
				continue
			}
			kind := "storage_account"
			if a.provider() == aws {
				kind = "s3_bucket"
			}
			add(a.provider(), a.ID, x.Name, kind, x.Region)
		}
		for _, x := range a.Speech {
			add(azure, a.ID, x.Name, "cognitive_account", x.Region)
		}
	}
	return file{"evidence/disclosures.csv", b.Bytes()}
}
