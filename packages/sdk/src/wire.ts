import type { Camel } from './case.ts';
import type { operations } from './openapi.gen.ts';

/** Types of an operation as the SDK shows them: derived from `openapi.json`, keys in camelCase. */
type OperationId = keyof operations;

type JsonOf<T> = T extends { content: { 'application/json': infer Json } } ? Json : never;
type Success<Responses> = JsonOf<Responses[keyof Responses & (200 | 201 | 202)]>;
type Answer<Id extends OperationId> = operations[Id] extends { responses: infer Responses } ? Success<Responses> : never;

/** The JSON request body. */
export type Body<Id extends OperationId> = operations[Id] extends { requestBody?: infer Request }
  ? Camel<JsonOf<NonNullable<Request>>>
  : never;

/** The query parameters, all optional ones and the required ones as declared. */
export type Query<Id extends OperationId> = operations[Id] extends { parameters: { query?: infer Q } } ? Camel<NonNullable<Q>> : never;

/** The object inside `{data}`. */
export type Data<Id extends OperationId> = Answer<Id> extends { data: infer Inner } ? Camel<Inner> : never;

/** An answer without envelope. */
export type Bare<Id extends OperationId> = Camel<Answer<Id>>;

/** One element of a list. */
export type Item<Id extends OperationId> = Data<Id> extends readonly (infer One)[] ? One : never;

/** Filters of a list; its iterator handles the cursor. */
export type Filters<Id extends OperationId> = Omit<Query<Id>, 'cursor'>;
