import { type Page, pageOf } from '@miosa/http';

/** A page of rows whose wire form is made for all of them at once. */
export const pageOfPresented = async <R extends { readonly id: string; readonly created_at: Date }, T>(
  rows: readonly R[],
  limit: number,
  present: (shown: readonly R[]) => Promise<T[]>,
): Promise<Page<T>> => {
  const { nextCursor } = pageOf(
    rows,
    limit,
    (row) => ({ at: row.created_at.toISOString(), id: row.id }),
    (row) => row,
  );
  return { items: await present(rows.slice(0, limit)), nextCursor };
};
