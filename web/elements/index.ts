// The custom elements, and the wiring of pages whose slots are marked up. Unlike the SDK this acts when it is loaded:
// a page needs no script of its own.
import { defineConsent } from './consent.js';
import { defineQuestionnaire } from './questionnaire.js';
import { defineSlots } from './slots.js';
import { footlight, wirePage } from './wire.js';

export { fillPage, fillSlot, renderCard } from '../sdk/fill.js';
export { footlight };

document.documentElement.classList.add('js');
defineSlots(); // they name slots, so they come before the page is read
wirePage();
defineConsent(footlight);
defineQuestionnaire(footlight);
