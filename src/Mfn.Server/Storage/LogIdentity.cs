using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Mfn.Server.Storage;

/// <summary>What tells a run's log from every other one; kept when the log is written anew.</summary>
/// <param name="Number">Half of it.</param>
/// <param name="Marker">
/// The other half, with which every append begins: wherever bytes have been lost or inserted, those behind them can be told for what they are. No client
/// can place it in a command, for none knows it.
/// </param>
internal readonly record struct LogIdentity(ulong Number, ulong Marker)
{
    public const int Length = 16;

    public static LogIdentity Create() => Read(RandomNumberGenerator.GetBytes(Length));

    public static LogIdentity Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]));

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(destination, Number);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[8..], Marker);
    }
}
