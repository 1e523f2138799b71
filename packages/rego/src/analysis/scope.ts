import type { Variable } from './core.ts';

/** How a name came to be known in a body; decides what may be declared again. */
export type Occurrence = 'referenced' | 'assigned' | 'declared' | 'argument';

interface Entry {
  readonly variable: Variable;
  readonly occurrence: Occurrence;
}

interface Frame {
  /** Of its own once it knows a name: most bodies know none. */
  entries: ReadonlyMap<string, Entry>;
  isOwn: boolean;
  /** Names that this body declares anywhere: they hide rules and imports in all of it. */
  readonly hidden: ReadonlySet<string>;
}

/**
 * The variables in sight while one rule is resolved. A frame is opened for the arguments and for each body;
 * a name that is never declared is one variable for the whole rule.
 */
export class Scope {
  readonly #frames: Frame[] = [];
  #undeclared: Map<string, Variable> | undefined;
  #uses: Map<Variable, number> | undefined;

  /** Opens a frame; one that continues the frame around it may not declare that one's names again. */
  push(hidden: ReadonlySet<string>, continues = false): void {
    const around = continues ? this.#frames.at(-1) : undefined;
    this.#frames.push({ entries: around?.entries ?? NO_ENTRIES, isOwn: false, hidden });
  }

  pop(): void {
    this.#frames.pop();
  }

  /** What the innermost body knows so far, to be given to {@link reset}. */
  mark(): ReadonlySet<string> {
    return new Set(this.#frames.at(-1)?.entries.keys());
  }

  /** Forgets the uses of names that the innermost body came to know since the mark; what it declared stays. */
  reset(mark: ReadonlySet<string>): void {
    const frame = this.#frames.at(-1);
    if (frame === undefined) return;
    const kept = [...frame.entries].filter(
      ([name, { occurrence }]) => occurrence !== 'referenced' || mark.has(name),
    );
    frame.entries = new Map(kept);
    frame.isOwn = true;
  }

  /** Whether the name stands for a local here, so that rules and imports of this name are out of sight. */
  hides(name: string): boolean {
    for (const { hidden } of this.#frames) if (hidden.size > 0 && hidden.has(name)) return true;
    return this.declared(name) !== undefined;
  }

  /** The declared variable of this name, innermost first. */
  declared(name: string): Variable | undefined {
    for (let index = this.#frames.length - 1; index >= 0; index--) {
      const entry = this.#frames[index]!.entries.get(name);
      if (entry !== undefined && entry.occurrence !== 'referenced') return entry.variable;
    }
    return undefined;
  }

  /** How often a declared variable stands in the rule, apart from `some`. */
  uses(variable: Variable): number {
    return this.#uses?.get(variable) ?? 0;
  }

  /** Variables that the innermost frame itself assigns. */
  assigned(): Variable[] {
    const entries = [...(this.#frames.at(-1)?.entries.values() ?? [])];
    return entries.filter(({ occurrence }) => occurrence === 'assigned').map(({ variable }) => variable);
  }

  /** Variables that stand in the arguments of the rule. */
  args(): Variable[] {
    const entries = [...(this.#frames[0]?.entries.values() ?? [])];
    return entries.filter(({ occurrence }) => occurrence === 'argument').map(({ variable }) => variable);
  }

  /** The variable that a use of the name means. */
  use(name: string): Variable {
    const declared = this.declared(name);
    if (declared !== undefined) {
      this.#uses ??= new Map();
      this.#uses.set(declared, this.uses(declared) + 1);
      return declared;
    }
    const variable = this.#undeclaredVariable(name);
    const frame = this.#frames.at(-1);
    if (frame !== undefined && !frame.entries.has(name)) {
      ownEntries(frame).set(name, { variable, occurrence: 'referenced' });
    }
    return variable;
  }

  /**
   * Declares the name in the innermost body.
   *
   * @returns the new variable, or what forbids it in OPA's words
   */
  declare(name: string, occurrence: Occurrence): Variable | string {
    const frame = this.#frames.at(-1)!;
    const known = frame.entries.get(name)?.occurrence;
    if (known === 'argument') {
      return occurrence === 'argument' ? frame.entries.get(name)!.variable : `arg ${name} redeclared`;
    }
    if (known !== undefined) return `var ${name} ${known} above`;
    const variable: Variable = { name, origin: originOf(name) };
    ownEntries(frame).set(name, { variable, occurrence });
    return variable;
  }

  /** Every undeclared variable so far, by name: what a query's result shows. */
  undeclared(): ReadonlyMap<string, Variable> {
    return this.#undeclared ?? new Map();
  }

  /** Variables declared in the outermost frame, by name. */
  outermost(): ReadonlyMap<string, Variable> {
    const found = new Map(this.undeclared());
    for (const [name, entry] of this.#frames[0]?.entries ?? []) found.set(name, entry.variable);
    return found;
  }

  #undeclaredVariable(name: string): Variable {
    const known = this.#undeclared?.get(name);
    if (known !== undefined) return known;
    const variable: Variable = { name, origin: originOf(name) };
    this.#undeclared ??= new Map();
    this.#undeclared.set(name, variable);
    return variable;
  }
}

const NO_ENTRIES: ReadonlyMap<string, Entry> = new Map();

function ownEntries(frame: Frame): Map<string, Entry> {
  if (!frame.isOwn) {
    frame.entries = new Map(frame.entries);
    frame.isOwn = true;
  }
  return frame.entries as Map<string, Entry>;
}

/** Names that begin as OPA's generated ones do count as generated, whoever wrote them. */
function originOf(name: string): Variable['origin'] {
  if (name.startsWith('$')) return 'wildcard';
  return name.startsWith('__local') ? 'generated' : 'user';
}
