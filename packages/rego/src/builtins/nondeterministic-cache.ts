import type { JsonObject, Value } from '../value/index.ts';
import { isObject, objectEntries, RegoSet, toJson } from '../value/index.ts';

/**
 * What builtins answered whose answers do not follow from their operands, by builtin and operands: OPA's
 * non-deterministic-builtin cache (`nd_builtin_cache` of decision logs). An evaluation that is given one asks nothing
 * again that stands in it, so that it can be repeated exactly.
 */
export class NondeterministicCache {
  readonly #answers = new Map<string, Map<string, Value>>();

  /** Reads the form of decision logs; undefined where it is none. */
  static fromValue(value: Value): NondeterministicCache | undefined {
    if (!isObject(value)) return undefined;
    const cache = new NondeterministicCache();
    for (const [builtin, answers] of objectEntries(value)) {
      if (typeof builtin !== 'string' || !isObject(answers)) return undefined;
      for (const [operands, answer] of objectEntries(answers)) {
        cache.#put(builtin, typeof operands === 'string' ? operands : toJson(operands), answer);
      }
    }
    return cache;
  }

  get(builtin: string, operands: readonly Value[]): Value | undefined {
    const answers = this.#answers.get(builtin);
    return answers?.get(toJson(operands));
  }

  put(builtin: string, operands: readonly Value[], answer: Value): void {
    this.#put(builtin, toJson(operands), answer);
  }

  /** Whether nothing was asked. */
  get isEmpty(): boolean {
    return this.#answers.size === 0;
  }

  copy(): NondeterministicCache {
    const copy = new NondeterministicCache();
    for (const [builtin, answers] of this.#answers) copy.#answers.set(builtin, new Map(answers));
    return copy;
  }

  /** The form of decision logs: builtin, JSON text of the array of operands, answer. Sets in answers stay sets. */
  toValue(): JsonObject {
    const value: Record<string, Value> = Object.create(null);
    for (const [builtin, answers] of this.#answers) {
      const inner: Record<string, Value> = Object.create(null);
      for (const [operands, answer] of answers) inner[operands] = answer;
      value[builtin] = inner;
    }
    return value;
  }

  #put(builtin: string, operands: string, answer: Value): void {
    let answers = this.#answers.get(builtin);
    if (answers === undefined) {
      answers = new Map();
      this.#answers.set(builtin, answers);
    }
    // JSON has no sets; the one builtin that answers with one gets it back.
    const isSet = builtin === 'net.lookup_ip_addr' && Array.isArray(answer);
    answers.set(operands, isSet ? RegoSet.from(answer as readonly Value[]) : answer);
  }
}
