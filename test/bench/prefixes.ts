/**
 * How long it takes to find the network of an address among 10 and among 50 000 networks of a mix of
 * lengths, half of them IPv6:
 *
 *   node test/bench/prefixes.ts
 */
import { PrefixTable } from '../../lib/prefix-table.ts';

const LOOKUPS = 20_000;
const ROUNDS = 5;

/** The nth address: spread over the networks, and behind their prefixes. */
function address(nth: number): string {
  const [high, low] = [(nth >> 8) & 255, nth & 255];
  return nth % 2 ? `10.${high}.${low}.1` : `2001:db8:${nth.toString(16)}::1`;
}

function tableOf(size: number): PrefixTable<number> {
  const table = new PrefixTable<number>();
  for (let nth = 0; table.size < size; nth += 1) {
    const length = nth % 2 ? 20 + (nth % 13) : 40 + (nth % 25);
    table.set(`${address(nth)}/${length}`, nth);
  }
  return table;
}

const asked = Array.from({ length: LOOKUPS }, (_, nth) => address(nth * 3));
const tables = [10, 50_000].map(tableOf);
for (let round = 0; round < ROUNDS; round += 1) {
  const took = tables.map((table) => {
    const start = performance.now();
    const found = asked.filter((each) => table.match(each)).length;
    const each = ((performance.now() - start) * 1000) / LOOKUPS;
    return `${each.toFixed(1)} µs in ${table.size} networks (${found} of ${LOOKUPS} found)`;
  });
  console.log(took.join(', '));
}
