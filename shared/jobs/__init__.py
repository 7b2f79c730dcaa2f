"""The life of a job: submit, claim, extend, finish, cancel, requeue, delete."""
