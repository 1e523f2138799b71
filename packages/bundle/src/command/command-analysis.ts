/** What happens to a path: `unknown` where only the program itself knows. */
export type PathOperation = 'read' | 'write' | 'execute' | 'unknown';

/** A program that a command runs, with its words as far as they are known before it runs. */
export interface FoundProgram {
  /** As it was called: a bare name, or a normalised path. */
  readonly name: string;
  /** The words after it; undefined in place of one that is not known. */
  readonly words: readonly (string | undefined)[];
}

/** A path that a command may touch. */
export interface FoundPath {
  /** Normalised: `..` is resolved, relative to the working folder where that is known. `**` where it is unknown. */
  readonly id: string;
  readonly operation: PathOperation;
  /** Holds wildcards that the shell expands. */
  readonly pattern?: true;
  readonly unknown?: true;
}

/** What a command does as far as it can be told before it runs, or why that cannot be told. */
export type CommandAnalysis =
  | {
      readonly ok: true;
      readonly programs: readonly FoundProgram[];
      readonly paths: readonly FoundPath[];
      readonly urls: readonly string[];
      /** Variables that are set for programs. */
      readonly variables: readonly string[];
      /** `write` where something certainly writes, `read` where nothing can; absent where that is not known. */
      readonly operation?: 'read' | 'write';
    }
  | { readonly ok: false; readonly message: string };

/** From where and how a command is run. */
export interface CommandSetting {
  /** Folder that relative paths start from; they stay relative where it is not known. */
  readonly cwd?: string | undefined;
  /** What `~` stands for; it stays `~` where it is not known. */
  readonly home?: string | undefined;
  /** What becomes of arguments that are known only when the command runs. */
  readonly unknown: 'refuse' | 'mark';
}

/** Thrown inside the analysis, a value outside of it. */
export class NotUnderstood {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/** A word of a command: text, and what of it is not known before the command runs. */
export interface CommandWord {
  readonly text: string;
  /** What makes it unknown, as it is written. */
  readonly unknown?: string;
  /** Unquoted wildcards or braces: the shell makes words of it. */
  readonly pattern?: true;
  /** Begins with an unquoted `~` or with `$HOME`. */
  readonly tilde?: true;
  /** Unknown and unquoted: may become several words, options among them. */
  readonly split?: true;
  /** A pipe to another command: no file. */
  readonly pipe?: true;
  /** A folder in place of what `find` finds below it. */
  readonly below?: true;
}
