// <output data-fl-show="personalizationScore|engagementLevel|segment">: what Footlight holds of the visitor, shown.
import type { DecisionData } from '../sdk/index.js';

const SHOWN = ['personalizationScore', 'engagementLevel', 'segment'] as const;

export function showScores(decision: DecisionData, root: ParentNode = document): void {
  for (const name of SHOWN) {
    for (const element of root.querySelectorAll(`[data-fl-show="${name}"]`)) {
      const text = `${decision[name]}`;
      if (element.textContent !== text) element.textContent = text;
    }
  }
}
