using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Mfn.Core.Aggregation.Rules;
using Mfn.Server.Identity;
using Mfn.Server.Observability;
using Mfn.Server.Texts;
using RichStatus = Google.Rpc.Status;

namespace Mfn.Server.Calls;

/// <summary>
/// A call that the server will not serve, with the status and the details that the client gets. Whatever they are made of, they fit into the headers
/// that clients take, and have nothing in them that does not print: see <see cref="RefusalSize"/>.
/// </summary>
internal sealed class CallRefusedException : Exception
{
    private const string ErrorDomain = "mfn";

    private CallRefusedException(StatusCode statusCode, string message, params IReadOnlyList<IMessage> details)
        : base(RefusalSize.Cut(statusCode, message, details))
    {
        StatusCode = statusCode;
        Details = details;
    }

    public StatusCode StatusCode { get; }

    /// <summary>google.rpc detail messages, if there is more to say than the status does.</summary>
    public IReadOnlyList<IMessage> Details { get; }

    /// <summary>The reason in the details, if they have one: a word for programs.</summary>
    public string? ErrorReason => Details.OfType<ErrorInfo>().FirstOrDefault()?.Reason;

    /// <summary>The request is wrong: all its problems at once, or as many as a refusal has room for and the number of the others.</summary>
    /// <param name="violations">The first problems.</param>
    /// <param name="count">How many there are in all.</param>
    public static CallRefusedException InvalidArgument(IReadOnlyList<BadRequest.Types.FieldViolation> violations, int count)
    {
        var (message, detail) = RefusalSize.Fit(violations, count);
        return new CallRefusedException(StatusCode.InvalidArgument, message, detail);
    }

    /// <summary>One thing is wrong with the request: a field's wire name, and what it must be.</summary>
    public static CallRefusedException InvalidArgument(string field, string description) =>
        InvalidArgument([new BadRequest.Types.FieldViolation { Field = field, Description = description }], 1);

    /// <summary>A request message cannot be read.</summary>
    public static CallRefusedException Unreadable(string message) => new(StatusCode.InvalidArgument, message);

    /// <summary>A request is of a kind that the server does not have.</summary>
    public static CallRefusedException Unsupported(string message) => new(StatusCode.Unimplemented, message);

    /// <summary>A request message is larger than any may be.</summary>
    public static CallRefusedException MessageTooLarge(int limitBytes, string advice = "") => new(
        StatusCode.ResourceExhausted, string.Create(CultureInfo.InvariantCulture, $"The request message exceeds the server's limit of {limitBytes} bytes.{advice}"));

    /// <summary>The client has reset the call, or its connection has broken; nobody will read this.</summary>
    public static CallRefusedException Gone() => new(StatusCode.Cancelled, "The client cancelled the call.");

    /// <summary>The client has given no sign of life for too long.</summary>
    public static CallRefusedException Silent(TimeSpan time) => new(StatusCode.DeadlineExceeded, $"The client has given no sign of life for {time.TotalSeconds:G3} s.");

    /// <summary>A limit is reached; the call may be tried again after the delay.</summary>
    public static CallRefusedException OverLimit(string message, TimeSpan retryDelay) =>
        new(StatusCode.ResourceExhausted, message, new RetryInfo { RetryDelay = retryDelay.ToDuration() });

    /// <summary>A quota of the caller, or of its tenant, does not allow it.</summary>
    /// <param name="message">Why, for people.</param>
    /// <param name="subject">Whose quota it is.</param>
    /// <param name="quota">Its name.</param>
    /// <param name="limit">What it allows.</param>
    /// <param name="wanted">What was asked for.</param>
    /// <param name="held">What is taken; of cell-steps 0.</param>
    /// <param name="wait">How long to wait until it allows it; null if time alone does not help.</param>
    public static CallRefusedException OverQuota(string message, string subject, string quota, long limit, long wanted, long held, TimeSpan? wait)
    {
        var failure = new QuotaFailure();
        failure.Violations.Add(new QuotaFailure.Types.Violation
        {
            Subject = subject,
            Description = message,
            QuotaMetric = quota,
            QuotaValue = limit,
            QuotaDimensions = { ["wanted"] = Invariant(wanted), ["taken"] = Invariant(held) },
        });
        return wait is { } delay
            ? new CallRefusedException(StatusCode.ResourceExhausted, message, failure, new RetryInfo { RetryDelay = delay.ToDuration() })
            : new CallRefusedException(StatusCode.ResourceExhausted, message, failure);
    }

    /// <summary>The call needs more memory than any call may have.</summary>
    public static CallRefusedException TooLarge(string message, long neededBytes, long limitBytes) => new(
        StatusCode.ResourceExhausted,
        message,
        new ErrorInfo
        {
            Reason = "CALL_TOO_LARGE",
            Domain = ErrorDomain,
            Metadata = { ["needed_bytes"] = Invariant(neededBytes), ["limit_bytes"] = Invariant(limitBytes) },
        });

    /// <summary>A call will not be done by half before its deadline.</summary>
    /// <param name="predicted">How long it takes.</param>
    /// <param name="left">How long its client waits.</param>
    /// <param name="price">Its price in cell-steps.</param>
    public static CallRefusedException DeadlineTooShort(TimeSpan predicted, TimeSpan left, long price) => new(
        StatusCode.DeadlineExceeded,
        string.Create(
            CultureInfo.InvariantCulture,
            $"The call takes about {predicted.TotalSeconds:G3} s, more than twice the {left.TotalSeconds:G3} s until its deadline. Allow more time, or ask for less."),
        new ErrorInfo
        {
            Reason = "DEADLINE_TOO_SHORT",
            Domain = ErrorDomain,
            Metadata =
            {
                ["predicted_milliseconds"] = Invariant((long)Math.Ceiling(predicted.TotalMilliseconds)),
                ["deadline_milliseconds"] = Invariant((long)left.TotalMilliseconds),
                ["price_cell_steps"] = Invariant(price),
            },
        });

    /// <summary>There are too few updates for the rule; the detail has the numbers.</summary>
    public static CallRefusedException TooFewUpdates(string message, PreconditionException error)
    {
        var detail = new ErrorInfo
        {
            Reason = "TOO_FEW_UPDATES",
            Domain = ErrorDomain,
            Metadata = { ["rule"] = error.Rule, ["n"] = Invariant(error.UpdateCount), ["f"] = Invariant(error.ByzantineCount) },
        };
        if (error.LargestByzantineCount is { } largest)
        {
            detail.Metadata["largest_f"] = Invariant(largest);
        }

        return new CallRefusedException(StatusCode.FailedPrecondition, message, detail);
    }

    /// <summary>A health check asks for a service that the server does not have.</summary>
    public static CallRefusedException ServiceNotFound(string name) => new(StatusCode.NotFound, $"The server has no service {CallersText.Quote(name)}.");

    /// <summary>Nothing is served at a path.</summary>
    /// <param name="path">The path.</param>
    /// <param name="nearest">What may have been meant; maybe nothing.</param>
    public static CallRefusedException PathNotFound(string path, IReadOnlyList<string> nearest) => new(
        StatusCode.NotFound,
        $"There is nothing at {CallersText.Quote(path)}{(nearest.Count == 0 ? "." : $"; did you mean {string.Join(" or ", nearest)}?")}",
        Reason("PATH_NOT_FOUND"));

    /// <summary>A browser's page may not do this.</summary>
    public static CallRefusedException OriginRefused(string message) => new(StatusCode.PermissionDenied, message, Reason("ORIGIN_REFUSED"));

    /// <summary>The call carries no credential.</summary>
    public static CallRefusedException Unauthenticated() => Unauthenticated(
        CredentialEnd.Missing, "The call must carry a credential: an API key or a token (authorization: Bearer), or a client certificate.");

    /// <summary>The call's credential is not good, or no longer.</summary>
    /// <param name="end">Why.</param>
    /// <param name="message">The same for people.</param>
    public static CallRefusedException Unauthenticated(CredentialEnd end, string message) => new(StatusCode.Unauthenticated, message, Reason(end switch
    {
        CredentialEnd.Missing => "CREDENTIAL_MISSING",
        CredentialEnd.Expired => "CREDENTIAL_EXPIRED",
        CredentialEnd.Revoked => "CREDENTIAL_REVOKED",
        _ => "CREDENTIAL_INVALID",
    }));

    /// <summary>The caller is known, and must not do this.</summary>
    public static CallRefusedException PermissionDenied(Permission permission, CallerIdentity caller) => new(
        StatusCode.PermissionDenied,
        $"The call needs the permission {permission.Name}, which {string.Join(", ", RoleNames.Of(permission.Roles | Roles.Admin))} have, but {caller.Name} is "
        + $"{(caller.Roles == Roles.None ? "none of them" : string.Join(", ", RoleNames.Of(caller.Roles)))}.",
        new ErrorInfo { Reason = "PERMISSION_DENIED", Domain = ErrorDomain, Metadata = { ["permission"] = permission.Name } });

    /// <summary>The caller's rights are others than when the stream began, which it still has; what else has changed it learns when it calls again.</summary>
    public static CallRefusedException RightsChanged() => new(
        StatusCode.Unavailable, "The caller's rights have changed. Call again; a watch resumes from its last token.", new RetryInfo { RetryDelay = TimeSpan.Zero.ToDuration() });

    /// <summary>There is no live run of the id (any more).</summary>
    public static CallRefusedException RunNotFound(string runId) =>
        new(StatusCode.NotFound, $"There is no run {CallersText.Quote(runId)}: it was never there, was deleted, or ended with the server.", Reason("RUN_NOT_FOUND"));

    /// <summary>The server has left a run's files alone, since it could not take them up.</summary>
    public static CallRefusedException RunDamaged(string runId, string reason) => new(
        StatusCode.FailedPrecondition,
        $"The run {runId} was left alone when the server started: {reason} Its operator can see what is left of it, and bring it back, with mfn run repair.",
        Reason("RUN_DAMAGED"));

    /// <summary>A live run has not reached, or no longer keeps, what the request asks for.</summary>
    public static CallRefusedException OutOfRange(string message) => new(StatusCode.OutOfRange, message, Reason("STEP_OUT_OF_RANGE"));

    /// <summary>A watcher reads more slowly than its run goes: more frames waited than may, or more bytes if they are what was too many.</summary>
    public static CallRefusedException WatcherTooSlow(int maxFrames, long? maxBytes) => new(
        StatusCode.ResourceExhausted,
        (maxBytes is null ? $"More than {maxFrames} frames (backlog_frames)" : $"Frames of more than {maxBytes} bytes (Runs:MaxBacklogBytesPerWatcher)")
        + " waited for this watcher. Resume from the last token; ask for fewer, smaller or droppable frames.",
        new RetryInfo { RetryDelay = TimeSpan.Zero.ToDuration() });

    /// <summary>The frames that a lossless watcher asks for take more time or memory than there is.</summary>
    public static CallRefusedException FramesTooCostly() => new(
        StatusCode.ResourceExhausted,
        "A frame for this watcher could not be made in time, or found no memory. Resume from the last token; ask for fewer, smaller or droppable frames.",
        new RetryInfo { RetryDelay = TimeSpan.FromSeconds(1).ToDuration() });

    /// <summary>A live run has the name already.</summary>
    public static CallRefusedException RunNameTaken(string name) => new(
        StatusCode.AlreadyExists,
        $"Another live run has the name {CallersText.Quote(name)}. Choose another name, or delete that run.",
        new ErrorInfo { Reason = "RUN_NAME_TAKEN", Domain = ErrorDomain, Metadata = { ["name"] = name } });

    /// <summary>A command has the id of another one.</summary>
    public static CallRefusedException CommandIdTaken(string commandId) => new(
        StatusCode.AlreadyExists, $"The run has had another command with the id {CallersText.Quote(commandId)}. Give each command an id of its own.", Reason("COMMAND_ID_TAKEN"));

    /// <summary>A run that has ended of itself takes no commands.</summary>
    public static CallRefusedException RunHasStopped(int step) => new(
        StatusCode.FailedPrecondition, $"The run has stopped after step {step} and takes no commands any more. Fork it to go on.", Reason("RUN_HAS_STOPPED"));

    /// <summary>A run has had as many commands as any may have.</summary>
    public static CallRefusedException TooManyCommands(int limit) => new(
        StatusCode.ResourceExhausted, $"The run has had {limit} commands, the most that the server allows. Fork it to go on.", Reason("TOO_MANY_COMMANDS"));

    /// <summary>A run's commands take as many bytes as any run's may.</summary>
    public static CallRefusedException TooManyCommandBytes(long neededBytes, long limitBytes) => new(
        StatusCode.ResourceExhausted,
        $"With this command the run's commands would have {neededBytes} bytes, but the server allows {limitBytes}. Fork it to go on.",
        Reason("TOO_MANY_COMMAND_BYTES"));

    /// <summary>A run that has failed does nothing any more.</summary>
    public static CallRefusedException RunHasFailed(int step, string reason) => new(
        StatusCode.FailedPrecondition, $"The run has failed after step {step}, and can only be looked at and deleted: {reason}", Reason("RUN_HAS_FAILED"));

    /// <summary>What must survive the server could not be written; the server's log says why.</summary>
    public static CallRefusedException NotStored() => new(
        StatusCode.Unavailable, "The server could not write to its data directory.", new RetryInfo { RetryDelay = TimeSpan.FromSeconds(1).ToDuration() });

    /// <summary>The audit log cannot be written, and what would be done would not be known.</summary>
    public static CallRefusedException NotAudited() => new(
        StatusCode.Unavailable, "The server cannot write its audit log, and serves no calls until it can.", new RetryInfo { RetryDelay = TimeSpan.FromSeconds(1).ToDuration() });

    /// <summary>The server stops; another one, or this one after its restart, may serve the call.</summary>
    public static CallRefusedException Stopping() =>
        new(StatusCode.Unavailable, "The server is stopping.", new RetryInfo { RetryDelay = TimeSpan.FromSeconds(1).ToDuration() });

    /// <summary>Counts it.</summary>
    public void CountIn(ServerMetrics metrics)
    {
        metrics.Refusals.WithLabels(ErrorReason ?? CallStatus.NameOf(StatusCode)).Inc();
        foreach (var quota in Details.OfType<QuotaFailure>().SelectMany(failure => failure.Violations))
        {
            metrics.QuotaRefusals.WithLabels(quota.QuotaMetric).Inc();
        }
    }

    /// <summary>The status that tells all, for a message.</summary>
    public RichStatus ToStatus()
    {
        var status = new RichStatus { Code = (int)StatusCode, Message = Message };
        status.Details.Add(Details.Select(Any.Pack));
        return status;
    }

    /// <summary>The status of a call, with the detail in the trailers if there is one.</summary>
    public RpcException ToRpcException() => Details.Count == 0 ? new RpcException(new Grpc.Core.Status(StatusCode, Message)) : ToStatus().ToRpcException();

    /// <summary>Answers a call whose handler is not known yet. Its body is of no interest, however long it is.</summary>
    public void Answer(HttpContext context)
    {
        CallAudit.NoteReason(context, this);
        var headers = context.Response.Headers;
        context.Response.ContentType = "application/grpc";
        headers["grpc-status"] = Invariant((int)StatusCode);
        headers["grpc-message"] = RefusalSize.PercentEncode(Message);
        headers["grpc-status-details-bin"] = Convert.ToBase64String(ToStatus().ToByteArray());
    }

    private static ErrorInfo Reason(string reason) => new() { Reason = reason, Domain = ErrorDomain };

    private static string Invariant(long number) => number.ToString(CultureInfo.InvariantCulture);
}
