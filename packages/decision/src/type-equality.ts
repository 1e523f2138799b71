/** `true` where two types are the same, optional and readonly modifiers included; `false` otherwise. */
export type Equals<Left, Right> =
  (<T>() => T extends Normal<Left> ? 1 : 2) extends <T>() => T extends Normal<Right> ? 1 : 2 ? true : false;

/** Writes intersections out, so that only what a type means is compared. */
type Normal<T> = T extends readonly (infer Member)[]
  ? readonly Normal<Member>[]
  : T extends object
    ? { [Key in keyof T]: Normal<T[Key]> }
    : T;
