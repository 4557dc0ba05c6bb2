// Long work beside requests: threads that give way.
#pragma once

namespace footlight::schedule {

// Of the calling thread and of those it starts afterwards: nice 15, about a thirtieth of a normal thread's share of a
// busy core, all of an idle one. Where the system does not allow it the priority stays.
void lower_priority() noexcept;

}  // namespace footlight::schedule
