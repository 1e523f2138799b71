import { type CommandSetting, type FoundPath, type FoundProgram, NotUnderstood } from './command-analysis.ts';

/** Most programs of one line. */
export const PROGRAMS_MAX = 256;
/** Most folders that a line may be in by turns. */
const FOLDERS_MAX = 8;

/** What is found while a line is walked through. */
export interface CommandFindings {
  readonly setting: CommandSetting;
  /** Folders that the line may be in by now; only ever more. */
  readonly folders: string[];
  readonly programs: FoundProgram[];
  readonly paths: Map<string, FoundPath>;
  readonly urls: Set<string>;
  readonly variables: Set<string>;
  /** Inside of what may run several times: another folder would count for what stands before, too. */
  repeated: number;
  depth: number;
  /** Reads a line for another shell (`sh -c`). */
  readonly walkLine: (line: string) => void;
}

/** The line may be in this folder from now on, too. */
export function addFolder(findings: CommandFindings, folder: string): void {
  if (findings.repeated > 0) throw new NotUnderstood('`cd` inside of a loop');
  if (findings.folders.includes(folder)) return;
  if (findings.folders.length >= FOLDERS_MAX) throw new NotUnderstood('it changes its folder too often');
  findings.folders.push(folder);
}

/** Keeps a path; of two operations on one the stronger counts. */
export function addPath(findings: CommandFindings, path: FoundPath): void {
  const before = findings.paths.get(path.id);
  if (before === undefined || STRENGTH[path.operation] > STRENGTH[before.operation])
    findings.paths.set(path.id, path);
}

const STRENGTH: Readonly<Record<FoundPath['operation'], number>> = {
  read: 0,
  unknown: 1,
  execute: 2,
  write: 3,
};
