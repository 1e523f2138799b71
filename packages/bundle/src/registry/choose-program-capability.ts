import type { Json, JsonObject, Resource } from '@writ/decision';
import { analyseArguments, analyseLine } from '../command/analyse-command.ts';
import type { CommandAnalysis, CommandSetting, FoundProgram } from '../command/command-analysis.ts';
import { valueAt } from '../pointer.ts';
import { matchesName } from '../when.ts';
import type { ToolEntry } from './registry-model.ts';
import type { Objection } from './resolved-capability.ts';

/** Where a command stands among the arguments if nobody says so. */
export const COMMAND_POINTER = '/command';
const CWD_POINTER = '/cwd';

/** A call of a command-line tool: whose capability it is, what it names, what speaks against it. */
export interface ProgramChoice {
  readonly entry: ToolEntry;
  readonly objections: readonly Objection[];
  readonly told: { readonly resources?: readonly Resource[]; readonly operation?: string };
}

/** Of the capabilities that one tool belongs to, the one that allows every program of the command. */
export function chooseProgramCapability(entries: readonly ToolEntry[], args: JsonObject): ProgramChoice {
  const first = entries[0] as ToolEntry;
  const analyses = entries.map((entry) => ({ entry, analysis: analyse(entry, args) }));
  const [told] = analyses;
  if (told?.analysis === undefined) return { entry: first, objections: [], told: {} };
  const refused = analyses.find(({ analysis }) => analysis?.ok === false)?.analysis;
  if (refused?.ok === false) return { entry: first, objections: [notUnderstood(refused.message)], told: {} };
  const chosen = analyses.find(
    ({ entry, analysis }) => analysis?.ok === true && missingPrograms(entry, analysis.programs).length === 0,
  );
  const { entry, analysis } = chosen ?? told;
  if (analysis?.ok !== true) return { entry, objections: [], told: {} };
  const resources = resourcesOf(analysis);
  const { operation } = analysis;
  return {
    entry,
    objections: chosen === undefined ? [notAllowed(entries, analysis.programs)] : [],
    told: { resources, ...(operation === undefined ? {} : { operation }) },
  };
}

/** Undefined where the tool runs no command: it names none, and nobody said that it has one. */
function analyse({ facts, capability }: ToolEntry, args: JsonObject): CommandAnalysis | undefined {
  const pointer = facts.command ?? COMMAND_POINTER;
  const command = valueAt(args, pointer);
  if (command === undefined) {
    const isExpected = facts.command !== undefined || capability.programs !== undefined;
    return isExpected ? { ok: false, message: `there is no command at \`${pointer}\`` } : undefined;
  }
  const cwd = valueAt(args, facts.cwd ?? CWD_POINTER);
  if (cwd !== undefined && typeof cwd !== 'string') return { ok: false, message: 'its folder is no text' };
  const { home, unknown_arguments: unknown = 'refuse' } = facts;
  const setting: CommandSetting = { cwd: cwd === undefined ? undefined : folderOf(cwd), home, unknown };
  if (facts.arguments !== undefined) {
    const rest = valueAt(args, facts.arguments) ?? [];
    return isTexts(rest) && typeof command === 'string'
      ? analyseArguments([command, ...rest], setting)
      : { ok: false, message: 'a program with arguments is a text and a list of texts' };
  }
  if (typeof command === 'string') return analyseLine(command, setting);
  if (isTexts(command)) return analyseArguments(command, setting);
  return { ok: false, message: `\`${pointer}\` is neither a line nor a list of texts` };
}

function folderOf(cwd: string): string {
  return cwd.length > 1 ? cwd.replace(/\/+$/, '') : cwd;
}

function isTexts(value: Json): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

function missingPrograms(
  { capability }: ToolEntry,
  programs: readonly FoundProgram[],
): readonly FoundProgram[] {
  const { programs: allowed } = capability;
  if (allowed === undefined) return [];
  return programs.filter((program) => !allowed.some((pattern) => allowsProgram(pattern, program)));
}

/** `git` allows it with any words, `git log` with these first; each word may end in `*`. */
function allowsProgram(pattern: string, { name, words }: FoundProgram): boolean {
  const [program = '', ...first] = pattern.split(' ').filter((word) => word !== '');
  if (!matchesName(program, name)) return false;
  return first.every((word, index) => {
    const given = words[index];
    return given !== undefined && matchesName(word, given);
  });
}

function notUnderstood(message: string): Objection {
  return {
    code: 'command_not_understood',
    message: `the command is not understood: ${message}`,
    remediation:
      'write the command plainly, with every program and path as it is, or split it into several calls',
  };
}

function notAllowed(entries: readonly ToolEntry[], programs: readonly FoundProgram[]): Objection {
  const strange = programs.filter((program) =>
    entries.every((entry) => missingPrograms(entry, [program]).length > 0),
  );
  const ids = entries.map(({ capability }) => `\`${capability.id}\``).join(', ');
  if (strange.length === 0) {
    return {
      code: 'program_not_allowed',
      message: `the command runs programs of several capabilities (${ids})`,
      remediation: 'run them in calls of their own',
    };
  }
  const names = [...new Set(strange.map(({ name }) => `\`${name}\``))].join(', ');
  return {
    code: 'program_not_allowed',
    message: `${ids} ${entries.length === 1 ? 'does' : 'do'} not allow ${names}`,
    remediation: 'use programs that the capability registry allows',
  };
}

/** Programs, files, URLs and variables as resources, so that policies speak of them as of any other. */
function resourcesOf({
  programs,
  paths,
  urls,
  variables,
}: Extract<CommandAnalysis, { ok: true }>): Resource[] {
  const names = [...new Set(programs.map(({ name }) => name))];
  return [
    ...names.map((id) => ({ type: 'program', id })),
    ...paths.map(({ id, operation, pattern, unknown }) => ({
      type: 'file',
      id,
      attributes: {
        operation,
        ...(pattern === true ? { pattern } : {}),
        ...(unknown === true ? { unknown } : {}),
      },
    })),
    ...urls.map((id) => ({ type: 'url', id })),
    ...variables.map((id) => ({ type: 'variable', id })),
  ];
}
