using System.Globalization;
using Grpc.Core;
using Mfn.Server.Calls;
using Mfn.Server.Identity;

namespace Mfn.Server.Pricing;

/// <summary>What calls cost: they are told, and a call whose client does not wait long enough for it is refused before anything is computed.</summary>
internal sealed class CallPrices(Calibration calibration, TimeProvider clock)
{
    /// <summary>The trailer of an answer that says its price in cell-steps, or what of it has been computed for a stream.</summary>
    public const string Trailer = "mfn-price-cell-steps";

    // A prediction may be wrong by so much; a call that could be done in time if it is must be tried.
    private const double RefusedShare = 0.5;

    /// <summary>Notes what a call is about to compute. A stream may come back with more, which is added up.</summary>
    /// <exception cref="CallRefusedException">Half of the predicted time is longer than the time until the deadline of a call that is no stream.</exception>
    public void Announce(Price price, ServerCallContext context)
    {
        if (context.Deadline != DateTime.MaxValue && !PermissionTable.IsStream(context.GetHttpContext()))
        {
            var predicted = calibration.Predict(price);
            var left = context.Deadline - clock.GetUtcNow().UtcDateTime;
            if (predicted * RefusedShare > left)
            {
                throw CallRefusedException.DeadlineTooShort(predicted, left > TimeSpan.Zero ? left : TimeSpan.Zero, price.CellSteps);
            }
        }

        State(price.CellSteps, context.ResponseTrailers);
    }

    private static void State(long cellSteps, Metadata trailers)
    {
        if (trailers.Get(Trailer) is { } stated)
        {
            trailers.Remove(stated);
            cellSteps = (long)Int128.Min(long.MaxValue, (Int128)cellSteps + long.Parse(stated.Value, CultureInfo.InvariantCulture));
        }

        trailers.Add(Trailer, cellSteps.ToString(CultureInfo.InvariantCulture));
    }
}
