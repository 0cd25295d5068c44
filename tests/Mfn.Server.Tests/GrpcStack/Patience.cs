namespace Mfn.Server.Tests.GrpcStack;

/// <summary>Waits for facts, but not for ever: the limit only ends a test that would hang.</summary>
internal static class Patience
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    // Of what nothing tells when it happens.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    public static Task Within(this Task task) => task.WaitAsync(Limit);

    public static Task<T> Within<T>(this Task<T> task) => task.WaitAsync(Limit);

    /// <summary>Done when something is so that nobody announces.</summary>
    /// <param name="isSo">Looks, and may assert what must hold meanwhile.</param>
    /// <param name="tell">What there is instead, if it never is so.</param>
    public static Task UntilAsync(Func<bool> isSo, Func<string>? tell = null) => UntilAsync(() => Task.FromResult(isSo()), tell);

    /// <summary>The same of what is found out by asking.</summary>
    public static async Task UntilAsync(Func<Task<bool>> isSo, Func<string>? tell = null)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!await isSo().Within())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Limit, tell?.Invoke() ?? "It has not happened within a minute.");
            await Task.Delay(Pause, TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Done when the token is cancelled.</summary>
    public static Task WhenCancelledAsync(this CancellationToken token)
    {
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        token.Register(cancelled.SetResult);
        return cancelled.Task;
    }
}
