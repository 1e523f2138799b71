import type { Command } from 'commander';
import { approvalsCommand } from './approvals.ts';
import { backupCommand, restoreCommand } from './backup.ts';
import { benchCommand } from './bench.ts';
import { buildCommand } from './build.ts';
import { bundlesCommand } from './bundles.ts';
import { capabilitiesCommand } from './capabilities.ts';
import { checkCommand } from './check.ts';
import { compileCommand } from './compile.ts';
import { completionCommand } from './completion.ts';
import { decideCommand } from './decide.ts';
import { depsCommand } from './deps.ts';
import { diffCommand } from './diff.ts';
import { evalCommand } from './eval.ts';
import { fmtCommand } from './fmt.ts';
import { haltCommand } from './halt.ts';
import { identityCommand } from './identity.ts';
import { initCommand } from './init.ts';
import { inspectCommand } from './inspect.ts';
import { layersCommand } from './layers.ts';
import { logCommand } from './log.ts';
import { mcpCommand } from './mcp.ts';
import { parseCommand } from './parse.ts';
import { registryCommand } from './registry.ts';
import { replayCommand } from './replay.ts';
import { revokeCommand } from './revoke.ts';
import { serveCommand } from './serve.ts';
import { signCommand } from './sign.ts';
import { testCommand } from './test.ts';
import { tokenCommand } from './token.ts';
import { verifyCommand } from './verify.ts';
import { yamlCommand } from './yaml.ts';

/** Every command, in the order in which help lists them. */
export const COMMANDS: readonly ((program: Command) => Command)[] = [
  initCommand,
  checkCommand,
  testCommand,
  evalCommand,
  buildCommand,
  signCommand,
  yamlCommand,
  fmtCommand,
  compileCommand,
  parseCommand,
  benchCommand,
  depsCommand,
  inspectCommand,
  layersCommand,
  registryCommand,
  diffCommand,
  replayCommand,
  capabilitiesCommand,
  decideCommand,
  serveCommand,
  bundlesCommand,
  mcpCommand,
  approvalsCommand,
  logCommand,
  verifyCommand,
  haltCommand,
  revokeCommand,
  backupCommand,
  restoreCommand,
  identityCommand,
  tokenCommand,
  completionCommand,
];
