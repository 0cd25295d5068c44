using System.Buffers;

namespace Mfn.Server.Frames;

/// <summary>Where the memory of frames comes from.</summary>
internal interface IFrameMemory
{
    /// <summary>Lends exactly so many bytes until the owner is disposed. Their contents are whatever they were.</summary>
    /// <exception cref="BacklogMemoryException">There are not so many free.</exception>
    IMemoryOwner<byte> Rent(int byteCount);
}
