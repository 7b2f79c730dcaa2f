"""What each reason for a failed job means to the one who asked for it."""

from shared.jobs.status import JobErrorCode

JOB_ERRORS: dict[str, str] = {
    JobErrorCode.WORKER_LOST: "The worker that ran the job vanished, as often as a job may lose "
    "its worker. The job itself may be what breaks them; a repeat is possible, and free.",
    JobErrorCode.DEADLINE_EXCEEDED: "The job's deadline passed before it ended. Ask for a later "
    "deadline, or less work.",
    JobErrorCode.GENERATION_ERROR: "The model could not make this picture. The message says what "
    "happened.",
    JobErrorCode.NON_FINITE_LATENTS: "The numbers of the picture ran out of range on the way. "
    "Less guidance or another scheduler usually helps.",
    JobErrorCode.OUT_OF_MEMORY: "The device has no memory for this picture even alone. Ask for a "
    "smaller one, or for fewer at once.",
    JobErrorCode.UNSUPPORTED: "The model cannot do what the request asks for; the message says "
    "what.",
    JobErrorCode.MODEL_UNAVAILABLE: "The model's files are missing or damaged where the worker "
    "looks for them, or its device has no memory for the model, which the message says.",
    JobErrorCode.STORAGE_UNAVAILABLE: "The store would not take the picture that was made, or not "
    "give the one that the job begins with.",
    JobErrorCode.INPUT_MISSING: "A picture that the job begins with was deleted before it ran.",
    JobErrorCode.INPUT_UNREADABLE: "A picture that the job begins with is damaged in the store, or "
    "larger than is read.",
}
