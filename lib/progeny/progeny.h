// All of progeny's API. progeny/boost_process.h stands apart: it includes Boost.Process.
#ifndef PROGENY_PROGENY_H_
#define PROGENY_PROGENY_H_

#include "progeny/as_completed.h"
#include "progeny/call.h"
#include "progeny/callable.h"
#include "progeny/codec.h"
#include "progeny/cow.h"
#include "progeny/crash_reports.h"
#include "progeny/exit_status.h"
#include "progeny/fork_safety.h"
#include "progeny/fork_server.h"
#include "progeny/future.h"
#include "progeny/interrupt_guard.h"
#include "progeny/log.h"
#include "progeny/main_guard.h"
#include "progeny/memory_report.h"
#include "progeny/memory_usage.h"
#include "progeny/pool.h"
#include "progeny/process.h"
#include "progeny/process_options.h"
#include "progeny/progress_bar.h"
#include "progeny/stdio.h"
#include "progeny/this_process.h"
#include "progeny/wait.h"
#include "progeny/worker_state.h"

#endif  // PROGENY_PROGENY_H_
