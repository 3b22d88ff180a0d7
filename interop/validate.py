"""Validates a chain of CloudTrail digests in a folder with the validator of
awscli, and prints one JSON object: how many digests and log files are valid,
invalid or missing."""
import datetime
import io
import json
import os
import sys
import types

from awscli.customizations.cloudtrail import validation as v

root, account, region, bucket, trail, start, end = sys.argv[1:8]
utc = datetime.timezone.utc


def instant(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=utc)


class Missing(Exception):
    pass


class Client:
    """The few calls of S3 that the validator makes, on a folder."""

    class exceptions:
        NoSuchKey = Missing

    def get_object(self, Bucket, Key):
        p = os.path.join(root, Key)
        if Bucket != bucket or not os.path.exists(p):
            from botocore.exceptions import ClientError
            raise ClientError({"Error": {"Code": "NoSuchKey", "Message": "no such key"}}, "GetObject")
        with open(p, "rb") as f:
            body = f.read()
        meta = {}
        if os.path.exists(p + ".head-object.json"):
            with open(p + ".head-object.json") as f:
                meta = json.load(f)["Metadata"]
        return {"Body": io.BytesIO(body), "Metadata": meta}

    def get_paginator(self, name):
        def paginate(Bucket, Prefix="", Marker="", **rest):
            keys = []
            for base, _, names in os.walk(root):
                for n in names:
                    key = os.path.relpath(os.path.join(base, n), root)
                    if key.startswith(Prefix) and key > (Marker or "") and not key.endswith(".head-object.json"):
                        keys.append(key)
            keys.sort()

            class Pages:
                def __init__(self, keys):
                    self.keys = keys

                def search(self, expression):
                    return iter(self.keys)

                def __iter__(self):
                    yield {"Contents": [{"Key": k} for k in self.keys]}

            return Pages(keys)

        return types.SimpleNamespace(paginate=paginate)


class Clients:
    def get_client(self, b):
        return Client()


class Keys:
    def get_public_keys(self, start_date, end_date):
        with open(os.path.join(root, "list-public-keys.json")) as f:
            return {k["Fingerprint"]: k for k in json.load(f)["PublicKeyList"]}


result = {"digest_valid": 0, "digest_invalid": 0, "gap": 0, "log_valid": 0, "log_invalid": 0, "log_missing": 0}
digests = v.DigestProvider(account_id=account, trail_name=trail, s3_client_provider=Clients(), trail_source_region=region, trail_home_region=region)


def bad(**kw):
    result["digest_invalid"] += 1


def gap(**kw):
    result["gap"] += 1


traverser = v.DigestTraverser(digest_provider=digests, starting_bucket=bucket, starting_prefix="", public_key_provider=Keys(),
                              digest_validator=v.Sha256RSADigestValidator(), on_invalid=bad, on_gap=gap, on_missing=bad)
import hashlib
import zlib

for digest in traverser.traverse(instant(start), instant(end)):
    result["digest_valid"] += 1
    for log in digest["logFiles"]:
        try:
            body = Client().get_object(log["s3Bucket"], log["s3Object"])["Body"].read()
        except Exception:
            result["log_missing"] += 1
            continue
        text = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(body)
        result["log_valid" if hashlib.sha256(text).hexdigest() == log["hashValue"] else "log_invalid"] += 1
print(json.dumps(result))
