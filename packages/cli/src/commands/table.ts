import type { Command } from 'commander';
import { approvalsCommand } from './approvals.ts';
import { checkCommand } from './check.ts';
import { completionCommand } from './completion.ts';
import { evalCommand } from './eval.ts';
import { haltCommand } from './halt.ts';
import { initCommand } from './init.ts';
import { tokenCommand } from './token.ts';

/** Every command, in the order in which help lists them. */
export const COMMANDS: readonly ((program: Command) => Command)[] = [
  initCommand,
  evalCommand,
  checkCommand,
  approvalsCommand,
  haltCommand,
  tokenCommand,
  completionCommand,
];
