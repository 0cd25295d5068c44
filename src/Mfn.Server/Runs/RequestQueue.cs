using System.Diagnostics;
using System.Threading.Channels;
using Mfn.Server.Calls;

namespace Mfn.Server.Runs;

/// <summary>What others ask of a run's task. It answers between two steps, in the order in which they asked.</summary>
internal sealed class RequestQueue
{
    // Requests that wait; who comes later waits to wait.
    private const int Capacity = 256;

    private readonly Channel<IRequest> _requests = Channel.CreateBounded<IRequest>(Capacity);
    private Func<CallRefusedException>? _refusal;

    private interface IRequest
    {
        ValueTask AnswerAsync();

        void Refuse(CallRefusedException reason);
    }

    public bool IsEmpty => _requests.Reader.Count == 0;

    /// <summary>Has the run's task do something, and gives its answer or throws its exception.</summary>
    /// <param name="work">What to do; it may wait.</param>
    /// <param name="cancellationToken">Ends the waiting; the work may be done nevertheless.</param>
    /// <exception cref="CallRefusedException">The queue is closed.</exception>
    public async Task<T> AskAsync<T>(Func<ValueTask<T>> work, CancellationToken cancellationToken)
    {
        var request = new Request<T>(work);
        try
        {
            await _requests.Writer.WriteAsync(request, cancellationToken);
        }
        catch (ChannelClosedException)
        {
            throw _refusal!();
        }

        return await request.Answer.WaitAsync(cancellationToken);
    }

    /// <summary>Waits until there is a request.</summary>
    public async ValueTask WaitAsync(CancellationToken cancellationToken) => await _requests.Reader.WaitToReadAsync(cancellationToken);

    /// <summary>Answers those that wait now. Those that come meanwhile have their turn with the next call.</summary>
    /// <param name="goesOn">Whether there may be another answer, after each.</param>
    public async ValueTask AnswerAsync(Func<bool> goesOn)
    {
        for (var count = _requests.Reader.Count; count > 0 && goesOn() && _requests.Reader.TryRead(out var request); count--)
        {
            await request.AnswerAsync();
        }
    }

    /// <summary>Refuses what waits and what comes.</summary>
    public void Close(Func<CallRefusedException> refusal)
    {
        _refusal = refusal;
        _requests.Writer.Complete();
        while (_requests.Reader.TryRead(out var request))
        {
            request.Refuse(refusal());
        }
    }

    private sealed class Request<T>(Func<ValueTask<T>> work) : IRequest
    {
        // Who asks, so that what is done for it is part of its call, and not of the run's task.
        private readonly Activity? _asker = Activity.Current;
        private readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<T> Answer => _answer.Task;

        public async ValueTask AnswerAsync()
        {
            var done = WorkAsync().AsTask();
            await ((Task)done).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            _answer.SetFromTask(done);
        }

        public void Refuse(CallRefusedException reason) => _answer.SetException(reason);

        // What throws before its first wait is the answer too, and not the end of the run's task.
        private async ValueTask<T> WorkAsync()
        {
            // Only here, since this returns to where it came from.
            Activity.Current = _asker;
            return await work();
        }
    }
}
