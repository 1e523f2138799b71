import type { RulePlan } from './plan.ts';

/** A rule's plan that is there when something of it is asked for, and is kept from then on. */
export abstract class DeferredPlan implements RulePlan {
  #plan: RulePlan | undefined;

  protected abstract made(): RulePlan;

  /** The plan, where something of it was asked for before. */
  protected get kept(): RulePlan | undefined {
    return this.#plan;
  }

  get #whole(): RulePlan {
    this.#plan ??= this.made();
    return this.#plan;
  }

  get path() {
    return this.#whole.path;
  }
  get file() {
    return this.#whole.file;
  }
  get row() {
    return this.#whole.row;
  }
  get location() {
    return this.#whole.location;
  }
  get slots() {
    return this.#whole.slots;
  }
  get args() {
    return this.#whole.args;
  }
  get branches() {
    return this.#whole.branches;
  }
  get collects() {
    return this.#whole.collects;
  }
  get keyed() {
    return this.#whole.keyed;
  }
}
