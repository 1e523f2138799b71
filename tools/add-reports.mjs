// Adds up the counts in the reports named, prints each skip's reason and then one closing line.
import { existsSync, readFileSync } from 'node:fs';

let [passed, failed, skipped] = [0, 0, 0];
const [first, ...more] = process.argv.slice(2);
const files = [first, ...more.filter((file) => existsSync(file))];
for (const file of files) {
  if (file === undefined || !existsSync(file)) {
    console.log(`no report ${file}`);
    failed += 1;
    continue;
  }
  const report = JSON.parse(readFileSync(file, 'utf8'));
  passed += report.passed;
  failed += report.failed;
  skipped += report.skipped;
  for (const [reason, count] of Object.entries(report.skips)) console.log(`skipped ${count}: ${reason}`);
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
