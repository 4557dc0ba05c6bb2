// <output data-fl-show="personalizationScore|engagementLevel|segment">: what Footlight holds of the visitor, shown.
import type { DecisionData } from '../sdk/index.js';

/** What the page says while there is no decision. */
const unsaid = new WeakMap<Element, string>();

const SHOWN = ['personalizationScore', 'engagementLevel', 'segment'] as const;

export function showScores(decision: DecisionData | undefined, root: ParentNode = document): void {
  for (const name of SHOWN) {
    for (const element of root.querySelectorAll(`[data-fl-show="${name}"]`)) {
      if (!unsaid.has(element)) unsaid.set(element, element.textContent ?? '');
      const text = decision ? `${decision[name]}` : unsaid.get(element);
      if (element.textContent !== text) element.textContent = text ?? '';
    }
  }
}
