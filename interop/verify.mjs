// Verifies a Sigstore bundle with the library of npm: verify.mjs BUNDLE ROOT KEY
import { readFileSync } from 'node:fs';
import { createPublicKey } from 'node:crypto';
import { bundleFromJSON } from '@sigstore/bundle';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { Verifier, toSignedEntity, toTrustMaterial } from '@sigstore/verify';

const [, , bundle, root, key] = process.argv;
const read = (name) => JSON.parse(readFileSync(name, 'utf8'));
const publicKey = createPublicKey(readFileSync(key));
const material = toTrustMaterial(TrustedRoot.fromJSON(read(root)), () => ({ publicKey, validFor: () => true }));
new Verifier(material, { ctlogThreshold: 0, tlogThreshold: 1, timestampThreshold: 1 }).verify(toSignedEntity(bundleFromJSON(read(bundle))));
