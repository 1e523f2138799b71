import type { Rule } from '../walk.ts';
import { fieldsOnCorrectType } from './fields-on-correct-type.ts';
import { fragmentsOnCompositeTypes } from './fragments-on-composite-types.ts';
import { knownArgumentNames } from './known-argument-names.ts';
import { knownDirectives } from './known-directives.ts';
import { knownFragmentNames } from './known-fragment-names.ts';
import { knownRootType } from './known-root-type.ts';
import { knownTypeNames } from './known-type-names.ts';
import { loneAnonymousOperation } from './lone-anonymous-operation.ts';
import { maxIntrospectionDepth } from './max-introspection-depth.ts';
import { noFragmentCycles } from './no-fragment-cycles.ts';
import { noUndefinedVariables } from './no-undefined-variables.ts';
import { noUnusedFragments } from './no-unused-fragments.ts';
import { noUnusedVariables } from './no-unused-variables.ts';
import { overlappingFieldsCanBeMerged } from './overlapping-fields-can-be-merged.ts';
import { possibleFragmentSpreads } from './possible-fragment-spreads.ts';
import { providedRequiredArguments } from './provided-required-arguments.ts';
import { scalarLeafs } from './scalar-leafs.ts';
import { singleFieldSubscriptions } from './single-field-subscriptions.ts';
import { uniqueArgumentNames } from './unique-argument-names.ts';
import { uniqueDirectivesPerLocation } from './unique-directives-per-location.ts';
import {
  uniqueFragmentNames,
  uniqueInputFieldNames,
  uniqueOperationNames,
  uniqueVariableNames,
} from './unique-names.ts';
import { valuesOfCorrectType } from './values-of-correct-type.ts';
import { variablesAreInputTypes } from './variables-are-input-types.ts';
import { variablesInAllowedPosition } from './variables-in-allowed-position.ts';

/** The rules for queries in the order in which each node is shown to them. Source: GraphQL (October 2021), 5. */
export const QUERY_RULES: readonly Rule[] = Object.freeze([
  fieldsOnCorrectType,
  fragmentsOnCompositeTypes,
  knownArgumentNames,
  knownDirectives,
  knownFragmentNames,
  knownRootType,
  knownTypeNames,
  loneAnonymousOperation,
  maxIntrospectionDepth,
  noFragmentCycles,
  noUndefinedVariables,
  noUnusedFragments,
  noUnusedVariables,
  overlappingFieldsCanBeMerged,
  possibleFragmentSpreads,
  providedRequiredArguments,
  scalarLeafs,
  singleFieldSubscriptions,
  uniqueArgumentNames,
  uniqueDirectivesPerLocation,
  uniqueFragmentNames,
  uniqueInputFieldNames,
  uniqueOperationNames,
  uniqueVariableNames,
  valuesOfCorrectType,
  variablesAreInputTypes,
  variablesInAllowedPosition,
]);
