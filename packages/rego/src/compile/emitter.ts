import type { PolicyPlan, Statement } from '../plan/plan.ts';
import type { Value } from '../value/value.ts';
import type { Code } from './code.ts';
import { code, literal, nameOf } from './code.ts';
import type { ConstantSource } from './constants.ts';
import { constantKey } from './constants.ts';

/** A jump to where the search goes on when something is undefined or does not hold. */
export type Fail = Code;

/**
 * Writes what follows a statement. A search that fails there goes on at `fail`. Whoever writes the end of a body
 * jumps out of it, or to `fail` where all answers are wanted: the end of the code is never reached.
 */
export type Rest = (fail: Fail) => void;

/** Writes statements that lead to `end`; given to the emitter, because values have bodies inside. */
export type BodyWriter = (
  emitter: Emitter,
  statements: readonly Statement[],
  fail: Fail,
  ordered: boolean,
  end: Rest,
) => void;

/** Collects the source of one chunk, and the values that it refers to. */
export class Emitter {
  readonly plan: PolicyPlan;
  /** Groups whose functions stand in this chunk, so that they can be called by name. */
  readonly local: ReadonlySet<number>;
  readonly writeBody: BodyWriter;
  readonly #lines: Code[] = [];
  readonly #functions: Code[] = [];
  readonly #constants: ConstantSource[] = [];
  readonly #constantNames = new Map<unknown, Code>();
  readonly #readers = new Map<string, Code>();
  #count = 0;

  constructor(plan: PolicyPlan, local: ReadonlySet<number>, writeBody: BodyWriter) {
    this.plan = plan;
    this.local = local;
    this.writeBody = writeBody;
  }

  /** Adds a line to the function being written. */
  write(line: Code): void {
    this.#lines.push(line);
  }

  /** Ends the function being written; what it consists of becomes part of the chunk. */
  finishFunction(): void {
    this.#functions.push(...this.#lines.splice(0));
  }

  temporary(): Code {
    return nameOf('temporary', this.#fresh());
  }

  label(): Code {
    return nameOf('label', this.#fresh());
  }

  #fresh(): number {
    this.#count += 1;
    return this.#count;
  }

  /** Declares a constant that holds the value of an expression. */
  hold(expression: Code): Code {
    const name = this.temporary();
    this.write(code`const ${name} = ${expression};`);
    return name;
  }

  /** A thing that the code refers to; handed over beside it, never written into it. */
  constant(source: ConstantSource): Code {
    const key = constantKey(source);
    const known = this.#constantNames.get(key);
    if (known !== undefined) return known;
    const name = nameOf('constant', this.#constants.length);
    this.#constants.push(source);
    this.#constantNames.set(key, name);
    return name;
  }

  /** A value, path, location or record, as {@link constant}. */
  data(data: object): Code {
    return this.constant({ kind: 'data', data });
  }

  /** A value that is known: written where it is a primitive, referred to otherwise. */
  value(value: Value): Code {
    return value === null || typeof value !== 'object' ? literal(value) : this.data(value);
  }

  /** The function that reads the member of one name. One for each name: so the engine below learns its shapes. */
  reader(name: string): Code {
    let reader = this.#readers.get(name);
    if (reader === undefined) {
      reader = nameOf('reader', this.#readers.size);
      this.#readers.set(name, reader);
    }
    return reader;
  }

  /** All functions of the chunk, those that read members included. */
  functions(): readonly Code[] {
    return [
      ...Array.from(this.#readers, ([name, reader]) => readerFunction(name, reader)),
      ...this.#functions,
    ];
  }

  get constants(): readonly ConstantSource[] {
    return this.#constants;
  }
}

/**
 * As `member` of the runtime. The property is read first; it counts where it is the object's own, which is certain
 * where the prototype (that of parsed JSON, or none) has no such property.
 */
function readerFunction(name: string, reader: Code): Code {
  const key = literal(name);
  return code`function ${reader}(object) {
  if (typeof object !== "object" || object === null) return undefined;
  const found = object[${key}];
  if (found === undefined) return object instanceof Boxed ? lookup(object, ${key}) : undefined;
  const above = getPrototypeOf(object);
  if (above === null || (above === objectPrototype && objectPrototype[${key}] === undefined)) return found;
  return member(object, ${key});
}`;
}
