// Starts a script of the workspace on Node 24 or newer: `node tools/run.mjs SCRIPT [ARGUMENT…]`.
import { runOnNode24 } from '../packages/cli/bin/node24.mjs';

runOnNode24(process.argv.slice(2));
