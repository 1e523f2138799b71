import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { REPOSITORY, type Skip } from './go-build.ts';

/** A policy that a seed document prints. */
export interface SeedPolicy {
  /** A file name to give it: the document's number and the policy's place in it. */
  readonly file: string;
  readonly text: string;
  /** The version of the language that it is written in. */
  readonly regoVersion: 0 | 1;
}

/** The policies of the seed documents as printed, in their order there. */
export interface SeedPolicies {
  /** Document 000: the policy and its tests. As printed they are refused; see {@link mendTutorial}. */
  readonly tutorial: { readonly policy: SeedPolicy; readonly tests: SeedPolicy };
  /** Document 003, version 0: decisions about payments, and egress. */
  readonly aegis: { readonly decisions: SeedPolicy; readonly egress: SeedPolicy };
  /** Document 004: allowlist, destinations, step-up, rate limit, models. */
  readonly precinct: readonly SeedPolicy[];
}

const SEEDS = resolve(REPOSITORY, '../shared/seeds');

/** Reads the policies from the seeds' folder; says why where it cannot. Their text is no part of the project. */
export async function loadSeedPolicies(folder = SEEDS): Promise<SeedPolicies | Skip> {
  const names = await readdir(folder).catch(() => undefined);
  if (!names)
    return { skip: 'the seed documents are not beside this checkout: their text is no part of the project' };
  const [tutorial, aegis, precinct] = await Promise.all([
    read(folder, names, '000', 1),
    read(folder, names, '003', 0),
    read(folder, names, '004', 1),
  ]);
  const [policy, tests] = tutorial;
  const [decisions, egress] = aegis;
  if (!policy || !tests || !decisions || !egress || precinct.length !== 5) {
    throw new Error('the seed documents do not hold the policies that are expected in them');
  }
  return { tutorial: { policy, tests }, aegis: { decisions, egress }, precinct };
}

async function read(
  folder: string,
  names: readonly string[],
  number: string,
  regoVersion: 0 | 1,
): Promise<readonly SeedPolicy[]> {
  const name = names.find((each) => each.startsWith(`${number}_`));
  if (!name) throw new Error(`seed document ${number} is missing`);
  const lines = (await readFile(join(folder, name), 'utf8')).split('\n');
  return printedPolicies(lines).map((text, index) => ({
    file: `${number}-${index + 1}.rego`,
    text,
    regoVersion,
  }));
}

const PACKAGE = /^package [\w.]+$/;
const STATEMENT = /^(?:default |import )?[a-z_][\w.]*(?:\[[^\]]*\]|\([^)]*\))?(?: (?::=|=|if|contains|\{)|$)/;

/** A policy runs from its package line to the last line before prose. */
function printedPolicies(lines: readonly string[]): string[] {
  const policies: string[] = [];
  lines.forEach((line, start) => {
    if (!PACKAGE.test(line)) return;
    let depth = 0;
    let end = start + 1;
    for (; end < lines.length; end++) {
      const text = lines[end]!;
      const goesOn = depth > 0 || text === '' || text.startsWith('#') || STATEMENT.test(text);
      if (!goesOn || PACKAGE.test(text)) break;
      depth += depthOf(text);
    }
    policies.push(`${lines.slice(start, end).join('\n').trimEnd()}\n`);
  });
  return policies;
}

/** How many brackets a line leaves open, strings and comments aside. */
function depthOf(line: string): number {
  const bare = line.replace(/"(?:[^"\\]|\\.)*"/g, '').replace(/#.*/, '');
  return (bare.match(/[[{(]/g)?.length ?? 0) - (bare.match(/[\]})]/g)?.length ?? 0);
}

/** The tutorial's text with its two slips mended: braces round a body of two literals, and `with` behind each literal. */
export function mendTutorial(text: string): string {
  const braced = text.replace(/^([^#\n]+ if) ([^{\n]+;[^\n]+)$/gm, '$1 { $2 }');
  const lines = braced.split('\n');
  const mended: string[] = [];
  let bodyStart = 0;
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!;
    if (line.endsWith('{') && depthOf(line) === 1) bodyStart = mended.length + 1;
    if (!line.startsWith('} with ')) {
      mended.push(line);
      continue;
    }
    let modifier = line.slice(2);
    while (depthOf(modifier) > 0) modifier += ` ${lines[++index]!.trim()}`;
    for (let literal = bodyStart; literal < mended.length; literal++) mended[literal] += ` ${modifier}`;
    mended.push('}');
  }
  return mended.join('\n');
}
