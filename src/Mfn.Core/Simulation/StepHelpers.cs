namespace Mfn.Core.Simulation;

/// <summary>
/// Threads that may help a run with the steps of a large field. One that gets no turn in time is not waited for, so that a busy machine costs a
/// run nothing but the help; a field's bits do not depend on who helps.
/// </summary>
/// <param name="Count">The most that help at the same time, besides the thread that steps; 0 for none.</param>
/// <param name="Queue">Has an item executed on another thread when its turn comes. Called again for an item only after it was executed.</param>
public sealed record StepHelpers(int Count, Action<IThreadPoolWorkItem> Queue)
{
    /// <summary>No help.</summary>
    public static StepHelpers None { get; } = new(0, static _ => { });

    /// <summary>Help by the process's thread pool.</summary>
    public static StepHelpers FromThreadPool(int count) => new(count, static item => ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal: false));
}
