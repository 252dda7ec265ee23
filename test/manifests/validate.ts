/** Says what is wrong with the manifests on stdin: kubectl kustomize … | node test/manifests/validate.ts */
import { text } from 'node:stream/consumers';
import { parseAllDocuments } from 'yaml';
import type { Manifest } from './built.ts';
import { mistakes } from './types.ts';

const documents = parseAllDocuments(await text(process.stdin));
const manifests = documents.map((document) => document.toJS() as Manifest);
const found = mistakes(manifests);
console.log(found.length > 0 ? found.join('\n') : `${manifests.length} objects, nothing wrong`);
process.exitCode = found.length > 0 || manifests.length === 0 ? 1 : 0;
