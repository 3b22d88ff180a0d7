// Package probity is the vocabulary of a review: quantities and the witnesses
// that speak of them, spans of time, coverage and gaps, discrepancies,
// findings and the conclusion, and the published answer that holds them all.
// It uses the standard library alone, does no input or output and declares no
// interface.
//
// One record on its way from a file to the report:
//
//  1. internal/casefile reads case.yaml strictly into a [Case]: allegations,
//     claims, thresholds, tolerances, and who handed over which folder.
//  2. internal/evidence walks those folders. Every file becomes an [Exhibit]:
//     hashed as received, decompressed as a stream, never written to.
//  3. internal/source recognises the file from its content and reads it to
//     its end. Each byte becomes part of a record, of an unread range, or of
//     framing; the sum is asserted.
//  4. The record becomes a row of a table (internal/table, Parquet). Object
//     names, principals and addresses are replaced by keyed tokens on the way.
//     Duplicates are set aside and counted.
//  5. internal/measure runs the SQL of catalog/ on the tables with the engine
//     of internal/query. Rows become cells: one quantity, by one witness, of
//     one resource, over one span.
//  6. internal/coverage says which hours each witness covers, and the cause of
//     each [Gap].
//  7. internal/reconcile sets witness against witness: each difference beyond
//     the tolerance becomes a [Discrepancy], and a lower bound above an upper
//     bound is impeached.
//  8. internal/assess puts each claim against bounds and coverage and forms a
//     [Finding], and the [Conclusion] over the material ones.
//  9. internal/report renders the [Review] as text, JSON and a page.
//
// internal/review.Run calls these stages in this order.
package probity
