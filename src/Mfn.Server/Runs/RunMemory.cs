using Mfn.Core.Simulation;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Memory;

namespace Mfn.Server.Runs;

/// <summary>What a live run holds of the server's memory until it is disposed: its fields, its history, and the commands in it.</summary>
internal sealed class RunMemory : IDisposable
{
    // As cells a field in single precision is twice as large as in its message.
    private const int CommandCopies = 2;

    private readonly MemoryReservation _fields;
    private readonly MemoryReservation _history;

    private RunMemory(MemoryAccount account)
    {
        _fields = account.Open(MemoryUse.Runs);
        _history = account.Open(MemoryUse.History);
    }

    /// <summary>Takes what a new run needs.</summary>
    /// <exception cref="CallRefusedException">It is not free.</exception>
    public static RunMemory Take(MemoryAccount account, SimulationSpec spec, RunPlan plan, RunsOptions options)
    {
        var memory = new RunMemory(account);
        try
        {
            memory._fields.Resize(FieldBytes(spec));
            memory._history.Resize(RunHistory.MostBytes(spec, plan.HistorySteps, options.MaxHistoryBytesPerRun));
            return memory;
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <summary>Takes what a run needs that was there before the server's start, whether that is free or not: it was acknowledged.</summary>
    public static RunMemory TakeUp(MemoryAccount account, RunOrigin origin, RunsOptions options)
    {
        var memory = new RunMemory(account);
        var spec = origin.Checkpoint.Spec;
        memory._fields.ResizeRegardless(FieldBytes(spec));
        memory._history.ResizeRegardless(
            RunHistory.MostBytes(spec, origin.Plan.HistorySteps, options.MaxHistoryBytesPerRun) + (CommandCopies * origin.Past.Commands.Sum(past => (long)past.Command.ByteCount)));
        return memory;
    }

    /// <summary>Takes what a command needs, for as long as the run lives.</summary>
    /// <exception cref="CallRefusedException">It is not free.</exception>
    public void AddCommand(int byteCount) => _history.Resize(_history.Bytes + ((long)CommandCopies * byteCount));

    public void Dispose()
    {
        _fields.Dispose();
        _history.Dispose();
    }

    // The state that it began from is kept.
    private static long FieldBytes(SimulationSpec spec) => SimulationMemory.OfEngine(spec) + SimulationMemory.OfCheckpoint(spec);
}
