using Mfn.Contracts.V1;

namespace Mfn.Client.Runs;

/// <summary>What a watcher gets from here on because it reads more slowly than the run goes.</summary>
/// <param name="Position">Where the watcher is with it.</param>
/// <param name="EveryNSteps">A frame after every step that is a multiple of this.</param>
/// <param name="Downsampling">Rows and columns that each value is the mean of.</param>
/// <param name="FieldEncoding">Encoding of each frame's field.</param>
public sealed record FellBehindEvent(WatchPosition Position, int EveryNSteps, int Downsampling, FieldEncoding FieldEncoding) : WatchEvent(Position);
