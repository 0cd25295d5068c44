using Mfn.Core.Simulation;
using Mfn.Server.Calls;
using Mfn.Server.Memory;
using Mfn.Server.Quotas;

namespace Mfn.Server.Runs;

/// <summary>What a live run holds of the server's memory, and of its owner's quotas, until it is disposed: its fields, its history, and the commands in it.</summary>
internal sealed class RunMemory : IDisposable
{
    // As cells a field in single precision is twice as large as in its message.
    private const int CommandCopies = 2;

    private readonly MemoryReservation _fields;
    private readonly MemoryReservation _history;

    private RunMemory(MemoryAccount account, RunAccount owner)
    {
        Owner = owner;
        _fields = account.Open(MemoryUse.Runs);
        _history = account.Open(MemoryUse.History);
    }

    /// <summary>Whose it is.</summary>
    public RunAccount Owner { get; }

    /// <summary>Takes what a new run needs.</summary>
    /// <exception cref="CallRefusedException">It is not free, or its owner's quotas do not allow it.</exception>
    public static RunMemory Take(QuotaAccount owner, SimulationSpec spec, RunPlan plan, RunServices services)
    {
        var historyBytes = RunHistory.MostBytes(spec, plan.HistorySteps, services.Options.MaxHistoryBytesPerRun);
        var memory = new RunMemory(services.Memory, RunAccount.Open(owner, historyBytes, services));
        try
        {
            memory._fields.Resize(FieldBytes(spec));
            memory._history.Resize(historyBytes);
            return memory;
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <summary>Takes what a run needs that was there before the server's start, whether that is free or not: it was acknowledged.</summary>
    public static RunMemory TakeUp(QuotaLedger quotas, RunOrigin origin, RunServices services)
    {
        var spec = origin.Checkpoint.Spec;
        var historyBytes = RunHistory.MostBytes(spec, origin.Plan.HistorySteps, services.Options.MaxHistoryBytesPerRun)
            + (CommandCopies * origin.Past.Commands.Sum(past => (long)past.Command.ByteCount));
        var memory = new RunMemory(services.Memory, RunAccount.TakeUp(quotas, origin, historyBytes, services));
        memory._fields.ResizeRegardless(FieldBytes(spec));
        memory._history.ResizeRegardless(historyBytes);
        return memory;
    }

    /// <summary>Takes what a command needs, for as long as the run lives.</summary>
    /// <exception cref="CallRefusedException">It is not free.</exception>
    public void AddCommand(int byteCount)
    {
        var more = (long)CommandCopies * byteCount;
        Owner.AddHistory(more);
        try
        {
            _history.Resize(_history.Bytes + more);
        }
        catch
        {
            Owner.AddHistory(-more);
            throw;
        }
    }

    public void Dispose()
    {
        _fields.Dispose();
        _history.Dispose();
        Owner.Dispose();
    }

    // The state that it began from is kept.
    private static long FieldBytes(SimulationSpec spec) => SimulationMemory.OfEngine(spec) + SimulationMemory.OfCheckpoint(spec);
}
