namespace Mfn.Server.Runs;

/// <summary>Beats while a stream's one task waits for something and has said nothing for the heartbeat interval.</summary>
internal sealed class Pulse(RunServices services, Func<Task> beatAsync)
{
    private long _lastSign = services.Clock.GetTimestamp();

    /// <summary>Something else was said.</summary>
    public void Reset() => _lastSign = services.Clock.GetTimestamp();

    /// <summary>Waits, and beats meanwhile.</summary>
    public async Task<T> WhileAsync<T>(Task<T> waiting)
    {
        while (!waiting.IsCompleted)
        {
            var left = services.Options.HeartbeatInterval - services.Clock.GetElapsedTime(_lastSign);
            if (left > TimeSpan.Zero)
            {
                await ((Task)waiting).WaitAsync(left, services.Clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            else
            {
                await beatAsync();
                Reset();
            }
        }

        return await waiting;
    }
}
