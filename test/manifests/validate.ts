/**
 * Says what is wrong with the manifests on stdin, by the newest API or with --oldest by that of Kubernetes 1.25:
 *
 *   kubectl kustomize … | node test/manifests/validate.ts [--oldest]
 */
import { text } from 'node:stream/consumers';
import { parseManifests } from './built.ts';
import { mistakes } from './types.ts';

const manifests = parseManifests(await text(process.stdin));
const found = mistakes(manifests, process.argv.includes('--oldest') ? 'oldest' : 'newest');
console.log(found.length > 0 ? found.join('\n') : `${manifests.length} objects, nothing wrong`);
process.exitCode = found.length > 0 || manifests.length === 0 ? 1 : 0;
