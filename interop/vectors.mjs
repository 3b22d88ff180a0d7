// Verifies signatures with the library of npm: reads a JSON array of [BUNDLE, ROOT, KEY, CONTENT], paths each, and writes an array of "" or why not.
import { createHash, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { bundleFromJSON } from '@sigstore/bundle';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { Verifier, toSignedEntity, toTrustMaterial } from '@sigstore/verify';

const json = (name) => JSON.parse(readFileSync(name, 'utf8'));

function verify([bundle, root, key, content]) {
  const publicKey = createPublicKey(readFileSync(key));
  const material = toTrustMaterial(TrustedRoot.fromJSON(json(root)), () => ({ publicKey, validFor: () => true }));
  const parsed = bundleFromJSON(json(bundle));
  new Verifier(material, { ctlogThreshold: 0, tlogThreshold: 1, timestampThreshold: 0 }).verify(toSignedEntity(parsed));
  // The library leaves what the statement is about to its callers.
  const statement = JSON.parse(Buffer.from(parsed.content.dsseEnvelope.payload).toString('utf8'));
  const sum = createHash('sha256').update(readFileSync(content)).digest('hex');
  if (statement.subject.length !== 1 || statement.subject[0].digest.sha256 !== sum) throw new Error('the statement is about another file');
  return '';
}

const out = json(0).map((paths) => {
  try { return verify(paths); } catch (e) { return String(e.message || e); }
});
console.log(JSON.stringify(out));
