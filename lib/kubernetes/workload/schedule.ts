const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * A pod is made after its Job's scheduled minute: by retries, by a Job that runs for long, or because
 * the Job started late, for which the controller takes the last minute that was missed, a month ago
 * at most of all schedules but the rarest.
 */
const LATEST = 31 * DAY;

/** A pod is made before that minute only if the clocks of the controller and the API server differ. */
const EARLIEST = HOUR;

/** The first commit of Kubernetes. A date such as 20240131, read as a minute, is before it. */
const KUBERNETES = Date.UTC(2014, 5, 6);

/**
 * The CronJob that made a Job for a pod that was made at `created` (milliseconds since 1970, NaN if
 * unknown). Its controller names a Job after it and the minute of the schedule since 1970
 * (pkg/controller/cronjob/cronjob_controllerv2.go, `getJobName`), eight digits from 1989 to 2160. A
 * number of that length that is no minute near the pod's was part of the name of a Job made by hand.
 */
export function cronJobOf(job: string, created: number): string | undefined {
  const [, name, minute] = /^(.+)-(\d{8})$/.exec(job) ?? [];
  const late = created - Number(minute) * MINUTE;
  const near = Number.isNaN(created)
    ? Number(minute) * MINUTE >= KUBERNETES
    : late >= -EARLIEST && late <= LATEST;
  return near ? name : undefined;
}
