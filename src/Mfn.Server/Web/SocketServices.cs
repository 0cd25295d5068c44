using Mfn.Server.Configuration;
using Mfn.Server.Identity;
using Mfn.Server.Lifetime;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Web;

/// <summary>What all sockets share.</summary>
internal sealed record SocketServices(RestServices Rest, AccessRules Access, ServerLifetime Lifetime, TimeProvider Clock, IOptionsMonitor<StreamingOptions> Streaming);
