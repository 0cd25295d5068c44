using Google.Protobuf;
using Grpc.Core;
using Mfn.Cli.Frames;
using Mfn.Cli.Kinetics;
using Mfn.Cli.Pictures;
using Mfn.Client.Runs;
using Mfn.Contracts.V1;

namespace Mfn.Cli.Runs;

/// <summary>
/// Watches a run for a display and for files, until its end, so many frames or the user's leaving. When the display wants another part of the field, the stream
/// is opened anew: from now, or behind the last event if it still replays the past.
/// </summary>
/// <param name="runs">Where the run is.</param>
/// <param name="request">What is wanted of it.</param>
/// <param name="patience">How long the server may be away.</param>
/// <param name="limit">After how many frames to end.</param>
/// <param name="files">Where frames are written, if anywhere.</param>
/// <param name="spec">What is simulated, as far as it is known.</param>
internal sealed class WatchSession(RunClient runs, WatchRunRequest request, TimeSpan patience, long limit, IFrameOutput? files, SimulationSpec? spec)
{
    private ByteString _token = ByteString.Empty;
    private WatchEvent? _begun;
    private long _count;
    private bool _isReplaying = request.StartCase != WatchRunRequest.StartOneofCase.None;
    private bool _hasFailedToWrite;

    /// <returns>The exit code.</returns>
    /// <param name="createDisplay">Makes the display.</param>
    /// <param name="finish">
    /// Told at the end, also by an error, of the last event that was begun to be shown, of the token of the last that was shown in full, if there were
    /// any, and of what was written. A reader that leaves may have had the whole event or none of it.
    /// </param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<int> RunAsync(Func<IWatchDisplay> createDisplay, Action<WatchEvent?, ByteString, string?> finish, CancellationToken cancellationToken)
    {
        try
        {
            await using var display = createDisplay();
            return await WatchAsync(display, cancellationToken);
        }
        finally
        {
            // The terminal is as it was again. What was written before an error is worth keeping.
            finish(_begun, _token, _hasFailedToWrite ? null : files?.Complete());
        }
    }

    private async Task<int> WatchAsync(IWatchDisplay display, CancellationToken cancellationToken)
    {
        var options = new WatchOptions { Patience = patience, Reconnecting = display.ShowTrouble };
        while (true)
        {
            var adapted = Next();
            var recut = display.Adapt(adapted);
            using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, display.Closed, recut);
            try
            {
                await foreach (var told in runs.WatchAsync(adapted, options, leaving.Token))
                {
                    _begun = told;
                    display.Show(told);
                    if (Take(told) is { } exitCode)
                    {
                        return exitCode;
                    }
                }

                return ExitCode.Success;
            }
            catch (Exception error) when (leaving.IsCancellationRequested && error is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled })
            {
                if (cancellationToken.IsCancellationRequested || display.Closed.IsCancellationRequested)
                {
                    // The user has seen enough.
                    return ExitCode.Success;
                }
            }
        }
    }

    private WatchRunRequest Next()
    {
        var next = request.Clone();
        if (_token.IsEmpty)
        {
            return next;
        }

        if (_isReplaying)
        {
            next.ResumeToken = _token;
        }
        else
        {
            next.ClearStart();
        }

        return next;
    }

    private int? Take(WatchEvent told)
    {
        _token = told.Position.Token;
        _isReplaying &= told is not CaughtUpEvent;
        if (told is FrameEvent frame)
        {
            Write(frame);
            _count++;
        }

        return told is EndEvent { Reason: EndReason.Failed } ? ExitCode.Failure : _count == limit ? ExitCode.Success : null;
    }

    private FieldSubject SubjectOf(FrameEvent frame) => frame.Facts.SpeciesStatistics is { } species ? SpeciesOf(species.Species) : SpecShape.Subject(spec, request.Species);

    // A cell that is the mean of several is as wide as they are.
    private FieldSubject SpeciesOf(string species)
    {
        var subject = SpecShape.Subject(spec, species);
        return new FieldSubject(new FieldQuantity(species), subject.CellWidth * Math.Max(1, request.Downsampling));
    }

    private void Write(FrameEvent frame)
    {
        if (files is null || frame.Field is not { } field)
        {
            return;
        }

        try
        {
            files.Write(new FieldFrame(frame.Position.Step, frame.Position.Revision, field.Rows, field.Columns, frame.Cells, SubjectOf(frame)));
        }
        catch
        {
            _hasFailedToWrite = true;
            throw;
        }
    }
}
