using System.Text;
using System.Text.Json;
using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Identity;
using Mfn.Server.Memory;
using Mfn.Server.Observability;
using Mfn.Server.Texts;
using Mfn.Server.Translation;

namespace Mfn.Server.Runs;

/// <summary>
/// The commands of one caller to one run, in the order sent: each is answered before the next is read. When there has been nothing to say for the
/// heartbeat interval, a heartbeat tells the caller, and what is between, that the stream lives.
/// </summary>
internal sealed class SteeringStream(RunRegistry runs, LimitsOptions limits, RequestReader reader, ResponseWriter writer)
{
    /// <summary>Reads and answers commands until there are no more.</summary>
    /// <exception cref="CallRefusedException">The messages are not in the order that the contract says, or there is no such run.</exception>
    public async Task RunAsync(
        IAsyncStreamReader<SteerRunRequest> requestStream, IServerStreamWriter<SteerRunResponse> responseStream, ServerCallContext context)
    {
        Run? run = null;
        using var received = CallMemory.Of(context).OpenUpload(MemoryUse.Requests);
        ReplacementUpload? upload = null;
        var isRestRefused = false;
        var pulse = new Pulse(runs.Services, () => writer.WriteAsync(responseStream, new SteerRunResponse { Heartbeat = new Heartbeat() }, context));
        while (await pulse.WhileAsync(reader.MoveNextAsync(requestStream, context)))
        {
            var request = requestStream.Current;
            run ??= runs.Find(request.RunId, CallerIdentity.Of(context).Tenant);
            var isPart = request.Command is null && request.Values.Length > 0;
            if (isPart ? upload is null && !isRestRefused : upload is not null)
            {
                throw CallRefusedException.InvalidArgument("values", "must be in messages without a command, after a command with values_follow, until its values are complete");
            }

            if (isPart && upload is null)
            {
                continue;
            }

            var response = new SteerRunResponse { CommandId = Shown(upload?.CommandId ?? request.Command?.CommandId ?? "") };
            isRestRefused = false;
            try
            {
                if (request.ValuesFollow)
                {
                    upload = BeginUpload(run, request, received);
                }
                else if (isPart)
                {
                    upload!.Append(request.Values);
                }

                if (upload is { IsComplete: false })
                {
                    continue;
                }

                var command = upload?.Request ?? request;
                response.Applied = await pulse.WhileAsync(SteerAsync(run, command, context.CancellationToken));
                await CallAudit.NoteCommandAsync(context, ActionOf(command.Command), refusal: null);
            }
            catch (CallRefusedException refused) when (refused.StatusCode is not (StatusCode.NotFound or StatusCode.Unavailable))
            {
                // Another command may be fine.
                refused.CountIn(runs.Services.Metrics);
                await CallAudit.NoteCommandAsync(context, ActionOf(upload?.Request.Command ?? request.Command), refused);
                response.Refused = refused.ToStatus();
                isRestRefused = isPart || request.ValuesFollow;
            }

            upload = null;
            received.Resize(0);
            await writer.WriteAsync(responseStream, response, context);
            pulse.Reset();
        }
    }

    private static string ActionOf(Contracts.V1.RunCommand? command) => JsonNamingPolicy.SnakeCaseLower.ConvertName((command?.ActionCase ?? 0).ToString());

    // An id that is no id does not come back whole.
    private static string Shown(string commandId) =>
        CallersText.Cut(commandId, id => Encoding.UTF8.GetByteCount(id) <= CommandWireExtensions.LongestCommandId);

    /// <summary>What takes the values that are still to come, if nothing is wrong with their number.</summary>
    private ReplacementUpload BeginUpload(Run run, SteerRunRequest request, MemoryReservation received)
    {
        var (path, field) = request.Command switch
        {
            { ReplacePotential: { } potential } => (CommandWireExtensions.PotentialPath, potential),
            { ReplaceSpecies: { } replacement } => (CommandWireExtensions.SpeciesPath, replacement.Field),
            _ => throw CallRefusedException.InvalidArgument("values_follow", "must only be set beside command.replace_potential or command.replace_species.field"),
        };
        var problems = new RequestProblems();
        CheckRunId(run, request, problems);
        var incoming = request.Command.DeclareReplacement(run.Status.Spec, limits, problems);
        problems.ThrowIfAny();
        var upload = new ReplacementUpload(request, field, $"{path}.values", incoming!.ByteCount, received);
        upload.Append(field.Values);
        return upload;
    }

    private async Task<Applied> SteerAsync(Run run, SteerRunRequest request, CancellationToken cancellationToken)
    {
        using var span = Spans.Start(Spans.Command);
        span?.SetTag(Spans.CommandName, ActionOf(request.Command)).SetTag(Spans.RunId, run.Id.ToString());
        var problems = new RequestProblems();
        CheckRunId(run, request, problems);
        var command = request.Command.ToCommand(run.Status.Spec, limits, problems);
        problems.ThrowIfAny();
        var outcome = await run.SteerAsync(command, cancellationToken);
        return new Applied { Step = outcome.Position.Step, Revision = outcome.Position.Revision, AlreadyApplied = outcome.WasApplied };
    }

    private static void CheckRunId(Run run, SteerRunRequest request, RequestProblems problems)
    {
        if (request.RunId.Length > 0 && request.RunId != run.Id.ToString())
        {
            problems.Add("run_id", $"must be '{run.Id}' as in the first message, but was {CallersText.Quote(request.RunId)}");
        }
    }
}
