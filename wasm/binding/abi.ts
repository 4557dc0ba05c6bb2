// The functions of wasm/ABI.md, as TypeScript sees them.

/** What engine.wasm exports. */
export interface Exports {
  memory: WebAssembly.Memory;
  _initialize?(): void;
  fl_io(): number;
  fl_reserve(bytes: number): number;
  fl_load(bytes: number): number;
  fl_info(): number;
  fl_visitor_reset(): void;
  fl_visitor_decode(n: number): number;
  fl_visitor_encode(): number;
  fl_visitor_unit(low: number, high: number): void;
  fl_visitor_choice(purpose: number, choice: number): void;
  fl_visitor_flags(): number;
  fl_visitor_segment(id: number): number;
  fl_visitor_answer(n: number): number;
  fl_visitor_interact(
    item: number,
    action: number,
    feedback: number,
    duration: number,
    day: number,
  ): number;
  fl_visitor_scores(): number;
  fl_segment(): number;
  fl_find_item(n: number): number;
  fl_find_slot(n: number): number;
  fl_find_locale(n: number): number;
  fl_find_question(n: number): number;
  fl_item(index: number): number;
  fl_text(kind: number, index: number, locale: number): number;
  fl_reason(kind: number, question: number, argument: number, locale: number): number;
  fl_decide(n: number): number;
  fl_explain(index: number, now: number, flags: number): number;
  fl_features(now: number, flags: number): number;
  fl_predict(index: number, now: number, flags: number): number;
  fl_similarity(a: number, b: number): number;
  fl_slate(segment: number, slot: number): number;
  fl_score(now: number, flags: number): number;
}
