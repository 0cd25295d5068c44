using Mfn.Core.Simulation;

namespace Mfn.Server.Memory;

/// <summary>The fields of runs that have ended.</summary>
internal sealed class IdleFields : IIdleMemory
{
    public void LetGo() => FieldMemory.LetGo();
}
