import { type CommandWord, type FoundPath, NotUnderstood } from './command-analysis.ts';
import { addPath, type CommandFindings } from './command-findings.ts';
import { resolvePath } from './file-path.ts';
import { PATTERN_FIRST, READERS, WITHOUT_FILES, WRITERS } from './programs.ts';

/**
 * Notes the files and URLs among a program's words. What may be a path counts as one: of a program that is not known
 * here every word does, and of an option what follows it.
 */
export function addOperands(name: string, words: readonly CommandWord[], findings: CommandFindings): void {
  if (name === 'printf' && words[0]?.text.startsWith('-v') === true)
    throw new NotUnderstood('`printf -v` sets a variable');
  if (WITHOUT_FILES.has(name)) return;
  const operation = operationOf(name);
  const skipped = firstIsPattern(name, words) ? words.find(({ text }) => !text.startsWith('-')) : undefined;
  for (const word of words) {
    if (word === skipped || word.pipe === true) continue;
    if (word.unknown !== undefined) addUnknown(name, word, operation, findings);
    else addWord(word, operation, findings);
  }
}

function operationOf(name: string): FoundPath['operation'] {
  if (READERS.has(name)) return 'read';
  return WRITERS.has(name) ? 'write' : 'unknown';
}

/** Of `grep` and `sed`, unless an option brings the pattern. */
function firstIsPattern(name: string, words: readonly CommandWord[]): boolean {
  const brings = ({ text }: CommandWord): boolean =>
    /^-[^-]*[ef]/.test(text) || /^--(r|f|e)/.test(text) || text === '--';
  return PATTERN_FIRST.has(name) && !words.some(brings);
}

function addUnknown(
  name: string,
  { unknown = '' }: CommandWord,
  operation: FoundPath['operation'],
  findings: CommandFindings,
): void {
  if (findings.setting.unknown === 'refuse')
    throw new NotUnderstood(`which files \`${unknown}\` names to \`${name}\` is known only when it runs`);
  addPath(findings, { id: '**', operation, unknown: true });
}

function addWord(word: CommandWord, operation: FoundPath['operation'], findings: CommandFindings): void {
  const { folders, setting } = findings;
  const pattern = word.pattern === true;
  for (const text of pathsIn(word.text)) {
    if (isUrl(text)) {
      findings.urls.add(text);
      continue;
    }
    const isPiece = text !== word.text && /^~(\/|$)/.test(text);
    const tilde = isPiece || (word.tilde === true && text === word.text);
    for (const id of resolvePath(text, { folders, home: setting.home }, { tilde, pattern }))
      addPath(findings, { id, operation, ...(pattern ? { pattern: true } : {}) });
  }
}

function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
}

/** What of a word may be a path: the word, what follows an option's letter or `=`, and parts that begin like a path. */
function pathsIn(text: string): readonly string[] {
  const file = /^file:\/\/(?:localhost)?(\/.*)$/i.exec(text)?.[1];
  if (file !== undefined) return [decoded(file)];
  if (isUrl(text)) return [text];
  const found: string[] = [];
  if (!text.startsWith('-')) found.push(text);
  else if (!text.startsWith('--')) found.push(...attached(text.slice(2)));
  const value = /^--[^=]*=(.*)$/s.exec(text)?.[1];
  if (value !== undefined) found.push(value);
  const pieces = text.split(/[=,:@]/).slice(1);
  found.push(...pieces.filter((piece) => /^[/~.]/.test(piece)));
  const inside = /[a-z][a-z0-9+.-]*:\/\/[^\s,]+/i.exec(text)?.[0];
  return inside === undefined ? found : [...found, inside];
}

/** What follows an option's letter: its value, or more letters and then a value. */
function attached(rest: string): readonly string[] {
  if (rest === '') return [];
  if (/^[/~.]/.test(rest)) return [rest];
  const at = rest.search(/[/~]|\.\./);
  return at === -1 ? [] : [rest, rest.slice(at)];
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new NotUnderstood(`\`${path}\` is no path of a URL`);
  }
}
