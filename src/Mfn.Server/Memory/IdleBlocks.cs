using Mfn.Server.Transport;

namespace Mfn.Server.Memory;

/// <summary>The blocks that no connection reads into or writes from.</summary>
internal sealed class IdleBlocks(BlockPoolFactory pools) : IIdleMemory
{
    public void LetGo() => pools.LetGo();
}
